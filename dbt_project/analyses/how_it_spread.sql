-- How did the largest trend spread, day by day and group by group?
with largest as (
    select
        trend_key,
        label
    from {{ ref("trends") }}
    order by adopter_count desc, label asc
    limit 1
)

select
    largest.label,
    days.day,
    days.actor_group,
    days.use_count,
    days.user_count,
    days.adopter_count
from largest
inner join {{ ref("trend_days") }} as days on largest.trend_key = days.trend_key
order by days.day, days.actor_group
