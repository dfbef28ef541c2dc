with grouped as (
    select trend_key, account_key, coalesce(tier, case when actor_class = 'media' then 'media' else 'unknown' end) as tier_group, adopted_at
    from {{ ref('int_trend_adoptions') }}
)

select
    timelines.trend_key, timelines.published_at::date as day, grouped.tier_group,
    count(distinct grouped.account_key) filter (grouped.adopted_at = timelines.published_at) as adopter_count,
    count(*) as post_count
from {{ ref('int_trend_timelines') }} as timelines
inner join grouped on timelines.trend_key = grouped.trend_key and timelines.account_key = grouped.account_key
where timelines.has_trend
group by all
