{{ config(post_hook="{{ export_parquet('exchange') }}") }}
with coverage as (
    select platform, min(published_at) as starts_at from {{ ref('int_actor_posts') }} group by platform
),

adopters as (
    select candidates.trend_key, candidates.born_at, uses.*
    from {{ ref('int_trend_candidates') }} as candidates
    inner join {{ ref('int_trend_uses') }} as uses
        on candidates.label = uses.tag and uses.published_at <= candidates.window_ends_at
),

histories as (
    select
        adopters.trend_key, adopters.account_key,
        max(posts.published_at) filter (posts.published_at < adopters.published_at) as previous_post_at,
        count(posts.published_at) filter (
            posts.published_at < adopters.born_at and posts.published_at >= adopters.born_at - interval 30 day
        ) as prior_post_count
    from adopters
    inner join {{ ref('int_actor_posts') }} as posts on adopters.account_key = posts.account_key
    group by all
)

select
    adopters.trend_key, adopters.account_key, adopters.platform, adopters.actor_class, adopters.tier,
    adopters.is_tier_imputed, null::varchar as niche_id, adopters.published_at as adopted_at, histories.previous_post_at,
    histories.prior_post_count,
    greatest(0, least(30, epoch(adopters.born_at - coverage.starts_at) / 86400))::double as prior_exposure_days,
    adopters.ts_quality
from adopters
inner join histories on adopters.trend_key = histories.trend_key and adopters.account_key = histories.account_key
inner join coverage on adopters.platform = coverage.platform
order by adopters.trend_key, adopters.published_at, adopters.account_key
