with uses as (
    select
        trend_key,
        published_at::date as day,
        case when actor_class = 'media' then 'media' else coalesce(tier, 'unknown') end as actor_group,
        account_key
    from {{ ref("int_trend_uses") }}
),

adoptions as (
    select
        trend_key,
        account_key,
        adopted_at::date as day
    from {{ ref("int_trend_adoptions") }}
)

select
    uses.trend_key,
    uses.day,
    uses.actor_group,
    count(*)::bigint as use_count,
    count(distinct uses.account_key)::bigint as user_count,
    count(distinct adoptions.account_key)::bigint as adopter_count
from uses
left join adoptions using (trend_key, account_key, day)
group by all
order by all
