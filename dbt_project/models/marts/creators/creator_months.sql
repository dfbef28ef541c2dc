-- depends_on: {{ ref('int_relation_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_relation_touched_months"}}
) }}

with days as (
    select
        accounts.creator_key,
        days.*,
        date_trunc('month', days.event_day)::date as month
    from {{ ref("int_account_days") }} as days
    inner join {{ ref("int_accounts") }} as accounts on days.account_key = accounts.account_key
    where
        days.own_post_count > 0
        {% if is_incremental() %}
        and date_trunc('month', days.event_day)::date in (select month from {{ ref("int_relation_touched_months") }})
        {% endif %}
),

received as (
    select
        accounts.creator_key,
        date_trunc('month', interactions.event_day)::date as month,
        count(*) filter (where interactions.interaction_type in ('reply', 'comment')) as replies_received_count,
        count(distinct interactions.source_account_key) as partner_count
    from {{ ref("int_interactions") }} as interactions
    inner join {{ ref("int_accounts") }} as accounts
        on interactions.target_account_key = accounts.account_key
    where
        interactions.source_account_key is distinct from interactions.target_account_key
        {% if is_incremental() %}
        and date_trunc('month', interactions.event_day)::date in (select month from {{ ref("int_relation_touched_months") }})
        {% endif %}
    group by all
),

-- Counts add up over a person's accounts where they could be judged. Shrunk values are weighed by the replies that they are of, and the
-- halves of their intervals added as independent errors are; of one account they are its own.
account_relations as (
    select
        accounts.creator_key,
        relations.*,
        case when relations.reply_back_rate is not null then relations.eligible_inbound_count else 0 end as judged_inbound_count,
        case when relations.reciprocity_ratio is not null then relations.partner_count else 0 end as judged_partner_count
    from {{ source("derived", "creator_relations") }} as relations
    inner join {{ ref("int_accounts") }} as accounts on relations.account_key = accounts.account_key
    {% if is_incremental() %}
    where relations.month in (select month from {{ ref("int_relation_touched_months") }})
    {% endif %}
),

weighed_relations as (
    select
        account_relations.*,
        judged_inbound_count / nullif(sum(judged_inbound_count) over (partition by creator_key, month), 0) as inbound_weight
    from account_relations
),

person_relations as (
    select
        creator_key,
        month,
        nullif(sum(judged_inbound_count), 0)::bigint as eligible_inbound_count,
        (sum(answered_count) filter (where judged_inbound_count > 0))::bigint as answered_count,
        sum(inbound_weight * reply_back_rate_shrunk) as shrunk,
        sqrt(sum((inbound_weight * (reply_back_rate_shrunk - reply_back_rate_low)) ** 2)) as below,
        sqrt(sum((inbound_weight * (reply_back_rate_high - reply_back_rate_shrunk)) ** 2)) as above,
        (sum(mutual_partner_count) filter (where judged_partner_count > 0)) / nullif(sum(judged_partner_count), 0) as reciprocity_ratio,
        round(
            sum(broadcast_relational_index * inbound_count)
            / sum(inbound_count) filter (where broadcast_relational_index is not null), 9
        ) as broadcast_relational_index
    from weighed_relations
    group by all
),

-- Rounded, since the order of a sum is not told.
creator_relations as (
    select
        *,
        round(shrunk, 9) as reply_back_rate_shrunk,
        case when shrunk is not null then greatest(round(shrunk - below, 9), 0) end as reply_back_rate_low,
        case when shrunk is not null then least(round(shrunk + above, 9), 1) end as reply_back_rate_high
    from person_relations
),

months as (
    select
        creator_key,
        month,
        sum(own_post_count)::bigint as post_count,
        count(distinct event_day)::bigint as active_day_count,
        list_sort(list_distinct(list(platform))) as platforms,
        arg_max(tier_at_last_own_post, last_post_at) as tier,
        max_by(followers_at_last_own_post_count, last_post_at) as followers_count,
        -- Ratio of sums over posts with a counter and a known size: never the mean of ratios.
        sum(engagement_count)::bigint as engagement_count,
        sum(engagement_follower_count)::bigint as engagement_follower_count
    from days
    group by all
),

account_sizes as (
    select
        creator_key,
        month,
        platform,
        account_key,
        max(last_post_at) as last_post_at,
        max_by(followers_at_last_own_post_count, last_post_at) as followers_count
    from days
    group by all
    having followers_count is not null
),

-- 10,000 followers are many on one platform and few on another.
placed_accounts as (
    select
        *,
        case
            when count(*) over (partition by month, platform) > 1
                then percent_rank() over (partition by month, platform order by followers_count)
        end as followers_percentile
    from account_sizes
),

places as (
    select
        creator_key,
        month,
        max_by(followers_percentile, last_post_at) as followers_percentile
    from placed_accounts
    group by all
),

-- Rates of two platforms are not of one kind, so the largest account that has one speaks for the creator.
largest_account_rates as (
    select
        accounts.creator_key,
        engagement.month,
        engagement.engagement_rate_shrunk,
        engagement.engagement_rate_low,
        engagement.engagement_rate_high,
        engagement.peer_z
    from {{ source("derived", "creator_engagement") }} as engagement
    inner join {{ ref("int_accounts") }} as accounts on engagement.account_key = accounts.account_key
    where
        engagement.basis = 'followers'
        and engagement.engagement_rate_shrunk is not null
        {% if is_incremental() %}
        and engagement.month in (select month from {{ ref("int_relation_touched_months") }})
        {% endif %}
    qualify row_number() over (
        partition by accounts.creator_key, engagement.month
        order by engagement.followers_count desc, engagement.account_key asc
    ) = 1
),

cut_followers as (
    select list(min_followers_count) as counts
    from {{ ref("tier_scheme") }}
    where scheme = 'essay' and min_followers_count > 0
)

select
    months.creator_key,
    months.month,
    months.platforms,
    months.tier,
    months.followers_count,
    months.post_count,
    months.active_day_count,
    months.engagement_count,
    months.engagement_follower_count,
    months.engagement_count / months.engagement_follower_count as engagement_rate,
    coalesce(received.replies_received_count, 0)::bigint as replies_received_count,
    coalesce(received.partner_count, 0)::bigint as partner_count,
    creator_relations.eligible_inbound_count,
    creator_relations.answered_count,
    creator_relations.answered_count / creator_relations.eligible_inbound_count as reply_back_rate,
    creator_relations.reply_back_rate_shrunk,
    creator_relations.reply_back_rate_low,
    creator_relations.reply_back_rate_high,
    creator_relations.reciprocity_ratio,
    creator_relations.broadcast_relational_index,
    industry_scheme.tier as tier_industry,
    places.followers_percentile,
    case
        when months.followers_count is not null
            then list_bool_or([months.followers_count >= 0.8 * cut and months.followers_count < 1.2 * cut for cut in cut_followers.counts])
    end as is_tier_within_20_percent_of_cut,
    largest_account_rates.engagement_rate_shrunk,
    largest_account_rates.engagement_rate_low,
    largest_account_rates.engagement_rate_high,
    largest_account_rates.peer_z
from months
left join received using (creator_key, month)
left join creator_relations using (creator_key, month)
left join places using (creator_key, month)
left join largest_account_rates using (creator_key, month)
left join {{ ref("tier_scheme") }} as industry_scheme
    on
        industry_scheme.scheme = 'industry'
        and months.followers_count >= industry_scheme.min_followers_count
        and (industry_scheme.max_followers_count is null or months.followers_count < industry_scheme.max_followers_count)
cross join cut_followers
