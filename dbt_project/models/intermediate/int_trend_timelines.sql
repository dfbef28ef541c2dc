{{ config(post_hook="{{ export_parquet('exchange') }}") }}
with adopters as (
    select candidates.trend_key, candidates.label, candidates.born_at, candidates.window_ends_at, uses.account_key
    from {{ ref('int_trend_candidates') }} as candidates
    inner join {{ ref('int_trend_uses') }} as uses
        on candidates.label = uses.tag and uses.published_at <= candidates.window_ends_at
)

select
    adopters.trend_key, adopters.account_key, posts.published_at,
    list_contains(posts.tags, adopters.label) as has_trend
from adopters
inner join {{ ref('int_actor_posts') }} as posts
    on adopters.account_key = posts.account_key
    and posts.published_at >= adopters.born_at and posts.published_at <= adopters.window_ends_at
order by all
