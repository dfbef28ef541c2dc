{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

with coverage as (
    select
        min(event_day) as began_on,
        max(event_day) as ended_on
    from {{ ref("int_posts") }}
),

first_uses as (
    select
        tag,
        account_key,
        min(published_at) as adopted_at
    from {{ ref("int_tag_uses") }}
    group by all
),

births as (
    select
        tag,
        min(adopted_at) as born_at,
        count(*) as ever_adopter_count
    from first_uses
    group by all
    having count(*) >= {{ var("smallest_adopter_count") }}
),

windows as (
    select
        births.tag,
        births.born_at,
        least(births.born_at + interval {{ var("trend_window_days") }} day, coverage.ended_on + interval 1 day)::timestamptz as window_ends_at,
        births.born_at < coverage.began_on + interval {{ var("burn_in_days") }} day as is_left_censored
    from births
    cross join coverage
),

adoption_days as (
    select
        windows.tag,
        first_uses.adopted_at::date as adopted_on,
        count(*) as adopter_count
    from windows
    inner join first_uses using (tag)
    where first_uses.adopted_at < windows.window_ends_at
    group by all
),

totals as (
    select
        tag,
        sum(adopter_count)::bigint as adopter_count,
        max(adopter_count) / sum(adopter_count) as largest_day_share
    from adoption_days
    group by all
)

select
    md5('hashtag|' || windows.tag) as trend_key,
    windows.tag as label,
    windows.born_at,
    windows.window_ends_at,
    totals.adopter_count,
    windows.is_left_censored,
    totals.largest_day_share
from windows
inner join totals using (tag)
where totals.adopter_count >= {{ var("smallest_adopter_count") }}
order by trend_key
