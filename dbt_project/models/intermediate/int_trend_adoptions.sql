-- depends_on: {{ ref('int_open_trends') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["trend_key"], "listed_in": "int_open_trends"}},
    post_hook="{{ export_months(this, 'born_month', 'select born_month as month from ' ~ ref('int_open_trends')) }}"
) }}

with candidates as (
    select *
    from {{ ref("int_trend_candidates") }}
    {% if is_incremental() %}
    where trend_key in (select trend_key from {{ ref("int_open_trends") }})
    {% endif %}
),

adoptions as (
    select
        uses.trend_key,
        uses.account_key,
        uses.platform,
        any_value(uses.actor_class) as actor_class,
        arg_min(uses.tier, uses.published_at) as tier,
        arg_min(uses.is_tier_imputed, uses.published_at) as is_tier_imputed,
        min(uses.published_at) as adopted_at,
        arg_min(uses.ts_quality, uses.published_at) as ts_quality
    from {{ ref("int_trend_uses") }} as uses
    inner join candidates on uses.trend_key = candidates.trend_key
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
    inner join candidates on adoptions.trend_key = candidates.trend_key
    inner join {{ ref("int_publications") }} as publications
        on adoptions.account_key = publications.account_key and publications.published_at < greatest(adoptions.adopted_at, candidates.born_at)
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
    adoptions.ts_quality,
    date_trunc('month', candidates.born_at)::date as born_month
from adoptions
inner join candidates on adoptions.trend_key = candidates.trend_key
inner join {{ ref("int_coverage_begins") }} as coverage on adoptions.platform = coverage.platform
left join previous_posts
    on adoptions.trend_key = previous_posts.trend_key and adoptions.account_key = previous_posts.account_key
