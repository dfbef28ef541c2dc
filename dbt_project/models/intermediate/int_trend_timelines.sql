-- depends_on: {{ ref('int_open_trends') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["trend_key"], "listed_in": "int_open_trends"}},
    post_hook="{{ export_months(this, 'born_month', 'select born_month as month from ' ~ ref('int_open_trends')) }}"
) }}

-- Who was exposed before the first use of all may have posted without the trend: without those posts exposures slide to before the birth,
-- those of whoever leads the most.
with candidates as (
    select
        *,
        born_at - interval {{ var("timeline_days_before_birth") }} day as begins_at
    from {{ ref("int_trend_candidates") }}
    where
        not is_left_censored
        {% if is_incremental() %}
        and trend_key in (select trend_key from {{ ref("int_open_trends") }})
        {% endif %}
),

tagged as (
    select distinct
        trend_key,
        account_key,
        published_at
    from {{ ref("int_trend_uses") }}
    where trend_key in (select trend_key from candidates)
),

-- A timeline meets the publications of its own window's months only: an account's years before and after are not gone through.
timelines as (
    select
        adoptions.trend_key,
        adoptions.account_key,
        adoptions.born_month,
        candidates.begins_at,
        candidates.window_ends_at,
        unnest(generate_series(
            date_trunc('month', candidates.begins_at::date), candidates.window_ends_at::date, interval 1 month
        ))::date as published_month
    from {{ ref("int_trend_adoptions") }} as adoptions
    inner join candidates on adoptions.trend_key = candidates.trend_key
),

-- What one account publishes at one moment is one post of its timeline.
publications as (
    select distinct
        account_key,
        published_at,
        date_trunc('month', event_day)::date as published_month
    from {{ ref("int_publications") }}
    where event_day >= (select min(begins_at)::date from candidates)
)

select
    timelines.trend_key,
    timelines.account_key,
    publications.published_at,
    tagged.published_at is not null as has_trend,
    timelines.born_month
from timelines
inner join publications
    on
        timelines.account_key = publications.account_key
        and timelines.published_month = publications.published_month
        and publications.published_at >= timelines.begins_at
        and publications.published_at < timelines.window_ends_at
left join tagged
    on
        timelines.trend_key = tagged.trend_key
        and timelines.account_key = tagged.account_key
        and publications.published_at = tagged.published_at
