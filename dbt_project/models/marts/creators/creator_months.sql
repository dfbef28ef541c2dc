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
    coalesce(received.partner_count, 0)::bigint as partner_count
from months
left join received using (creator_key, month)
