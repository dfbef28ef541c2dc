{{ config(post_hook="{{ export_parquet('exchange') }}") }}
with coverage as (
    select platform, min(published_at) as starts_at from {{ ref('int_actor_posts') }} group by platform
),

coverage_end as (
    select max(published_at) as ends_at from {{ ref('int_actor_posts') }}
),

births as (
    select tag, min(published_at) as born_at, arg_min(platform, published_at) as born_on
    from {{ ref('int_trend_uses') }} group by tag
),

adoptions_by_day as (
    select uses.tag, uses.published_at::date as day, count(*) as adoption_count
    from {{ ref('int_trend_uses') }} as uses
    inner join births on uses.tag = births.tag and uses.published_at < births.born_at + interval 60 day
    group by all
),

sizes as (
    select tag, sum(adoption_count)::bigint as adopter_count, max(adoption_count) / sum(adoption_count) as largest_day_share
    from adoptions_by_day group by tag
)

select
    md5('hashtag|' || births.tag) as trend_key, births.tag as label, births.born_at,
    least(births.born_at + interval 60 day, coverage_end.ends_at) as window_ends_at,
    sizes.adopter_count,
    births.born_at < coverage.starts_at + interval 7 day as is_left_censored,
    sizes.largest_day_share::double as largest_day_share
from births
inner join sizes on births.tag = sizes.tag
inner join coverage on births.born_on = coverage.platform
cross join coverage_end
where sizes.adopter_count >= 20
order by trend_key
