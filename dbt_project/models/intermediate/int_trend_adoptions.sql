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
        -- An account has one class; a feed's items may lie in domains of several.
        arg_min(uses.actor_class, (uses.published_at, uses.actor_class)) as actor_class,
        arg_min(uses.tier, uses.published_at) as tier,
        arg_min(uses.is_tier_imputed, uses.published_at) as is_tier_imputed,
        min(uses.published_at) as adopted_at,
        arg_min(uses.ts_quality, uses.published_at) as ts_quality
    from {{ ref("int_trend_uses") }} as uses
    inner join candidates on uses.trend_key = candidates.trend_key
    group by all
),

-- Size as of the trend's birth: who takes it up late may have grown since, and groups made by the size at adoption would differ in time.
born_adoptions as (
    select
        adoptions.trend_key,
        adoptions.account_key,
        candidates.born_at
    from adoptions
    inner join candidates on adoptions.trend_key = candidates.trend_key
),

{{ sizes_as_of("born_adoptions", "born_at") }},

-- An adoption meets the publications of the months from its trend's rate window to itself.
adoption_months as (
    select
        adoptions.trend_key,
        adoptions.account_key,
        adoptions.adopted_at,
        candidates.born_at,
        candidates.born_at - interval {{ var("rate_window_days") }} day as rates_begin_at,
        unnest(generate_series(
            date_trunc('month', (candidates.born_at - interval {{ var("rate_window_days") }} day)::date),
            adoptions.adopted_at::date,
            interval 1 month
        ))::date as published_month
    from adoptions
    inner join candidates on adoptions.trend_key = candidates.trend_key
),

-- What an account posted before anyone looked is not known: a collection that grows must not make whom it has just found look slow.
published_days as (
    select
        account_key,
        event_day,
        first_post_at as first_published_at,
        case when own_post_count > 0 then last_own_post_at end as last_published_at
    from {{ ref("int_account_days") }}
    union all
    select
        outlet_key as account_key,
        event_day,
        min(published_at) as first_published_at,
        max(published_at) as last_published_at
    from {{ ref("int_mainstream_items") }}
    group by all
),

first_sightings as (
    select
        account_key,
        min(first_published_at) as first_seen_at
    from published_days
    where account_key in (select account_key from adoptions)
    group by all
),

recent_publications as (
    select
        account_key,
        published_at,
        date_trunc('month', event_day)::date as published_month
    from {{ ref("int_publications") }}
    where event_day >= (select date_trunc('month', min(rates_begin_at)::date) from adoption_months)
),

recent_posts as (
    select
        months.trend_key,
        months.account_key,
        max(publications.published_at) filter (where publications.published_at < months.adopted_at) as previous_post_at,
        -- The first sighting opens an account's exposure and is no event in it: who is found because it posts would look fast.
        count(*) filter (
            where publications.published_at < months.born_at
            and publications.published_at >= months.rates_begin_at
            and publications.published_at > first_sightings.first_seen_at
        ) as prior_post_count
    from adoption_months as months
    inner join recent_publications as publications
        on months.account_key = publications.account_key and months.published_month = publications.published_month
    inner join first_sightings on months.account_key = first_sightings.account_key
    group by all
),

-- Who published nothing in these months published before them, or never: the daily counts know, without the posts.
quiet_adoptions as (
    select
        months.trend_key,
        months.account_key,
        min(months.published_month) as first_month
    from adoption_months as months
    left join recent_posts
        on months.trend_key = recent_posts.trend_key and months.account_key = recent_posts.account_key
    where recent_posts.previous_post_at is null
    group by all
),

older_posts as (
    select
        quiet_adoptions.trend_key,
        quiet_adoptions.account_key,
        max(days.last_published_at) as previous_post_at
    from quiet_adoptions
    inner join published_days as days
        on quiet_adoptions.account_key = days.account_key and days.event_day < quiet_adoptions.first_month
    group by all
)

select
    adoptions.trend_key,
    adoptions.account_key,
    adoptions.platform,
    adoptions.actor_class,
    adoptions.tier,
    adoptions.is_tier_imputed,
    tier_scheme.tier as tier_at_birth,
    null::varchar as niche_id,
    adoptions.adopted_at,
    coalesce(recent_posts.previous_post_at, older_posts.previous_post_at) as previous_post_at,
    coalesce(recent_posts.prior_post_count, 0)::bigint as prior_post_count,
    greatest(
        0.0, least({{ var("rate_window_days") }}.0, epoch(candidates.born_at - first_sightings.first_seen_at) / 86400.0)
    )::double as prior_exposure_days,
    adoptions.ts_quality,
    date_trunc('month', candidates.born_at)::date as born_month
from adoptions
inner join candidates on adoptions.trend_key = candidates.trend_key
inner join first_sightings on adoptions.account_key = first_sightings.account_key
left join recent_posts
    on adoptions.trend_key = recent_posts.trend_key and adoptions.account_key = recent_posts.account_key
left join older_posts
    on adoptions.trend_key = older_posts.trend_key and adoptions.account_key = older_posts.account_key
left join sized_born_adoptions
    on
        adoptions.trend_key = sized_born_adoptions.trend_key
        and adoptions.account_key = sized_born_adoptions.account_key
{{ join_tier("sized_born_adoptions.size_count") }}
