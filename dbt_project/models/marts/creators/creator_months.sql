-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}}
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
        and date_trunc('month', days.event_day)::date in (select month from {{ ref("int_touched_months") }})
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
        and date_trunc('month', interactions.event_day)::date in (select month from {{ ref("int_touched_months") }})
        {% endif %}
    group by all
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
        and engagement.month in (select month from {{ ref("int_touched_months") }})
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
left join places using (creator_key, month)
left join largest_account_rates using (creator_key, month)
left join {{ ref("tier_scheme") }} as industry_scheme
    on
        industry_scheme.scheme = 'industry'
        and months.followers_count >= industry_scheme.min_followers_count
        and (industry_scheme.max_followers_count is null or months.followers_count < industry_scheme.max_followers_count)
cross join cut_followers
