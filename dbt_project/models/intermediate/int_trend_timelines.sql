{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

with tagged as (
    select distinct
        trend_key,
        account_key,
        published_at
    from {{ ref("int_trend_uses") }}
)

select
    adoptions.trend_key,
    adoptions.account_key,
    publications.published_at,
    bool_or(tagged.published_at is not null) as has_trend
from {{ ref("int_trend_adoptions") }} as adoptions
inner join {{ ref("int_trend_candidates") }} as candidates using (trend_key)
inner join {{ ref("int_publications") }} as publications
    on
        adoptions.account_key = publications.account_key
        and publications.published_at >= candidates.born_at
        and publications.published_at < candidates.window_ends_at
left join tagged
    on
        adoptions.trend_key = tagged.trend_key
        and adoptions.account_key = tagged.account_key
        and publications.published_at = tagged.published_at
where not candidates.is_left_censored
group by all
order by all
