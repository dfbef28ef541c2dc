{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

with adoptions as (
    select
        trend_key,
        account_key,
        platform,
        any_value(actor_class) as actor_class,
        arg_min(tier, published_at) as tier,
        arg_min(is_tier_imputed, published_at) as is_tier_imputed,
        min(published_at) as adopted_at,
        arg_min(ts_quality, published_at) as ts_quality
    from {{ ref("int_trend_uses") }}
    group by all
),

previous_posts as (
    select
        adoptions.trend_key,
        adoptions.account_key,
        max(publications.published_at) filter (where publications.published_at < adoptions.adopted_at) as previous_post_at,
        count(*) filter (
            where publications.published_at < candidates.born_at
            and publications.published_at >= candidates.born_at - interval {{ var("rate_window_days") }} day
        ) as prior_post_count
    from adoptions
    inner join {{ ref("int_trend_candidates") }} as candidates using (trend_key)
    inner join {{ ref("int_publications") }} as publications
        on adoptions.account_key = publications.account_key and publications.published_at < greatest(adoptions.adopted_at, candidates.born_at)
    group by all
),

coverage as (
    select
        platform,
        min(published_at) as began_at
    from {{ ref("int_publications") }}
    group by all
)

select
    adoptions.trend_key,
    adoptions.account_key,
    adoptions.platform,
    adoptions.actor_class,
    adoptions.tier,
    adoptions.is_tier_imputed,
    null::varchar as niche_id,
    adoptions.adopted_at,
    previous_posts.previous_post_at,
    coalesce(previous_posts.prior_post_count, 0)::bigint as prior_post_count,
    -- At least a day, so that a rate is defined for what began with its platform's coverage.
    greatest(
        1.0, least({{ var("rate_window_days") }}.0, epoch(candidates.born_at - coverage.began_at) / 86400.0)
    )::double as prior_exposure_days,
    adoptions.ts_quality
from adoptions
inner join {{ ref("int_trend_candidates") }} as candidates using (trend_key)
inner join coverage using (platform)
left join previous_posts using (trend_key, account_key)
order by trend_key, account_key
