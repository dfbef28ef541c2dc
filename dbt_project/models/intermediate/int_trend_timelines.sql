-- depends_on: {{ ref('int_open_trends') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["trend_key"], "listed_in": "int_open_trends"}},
    post_hook="{{ export_months(this, 'born_month', 'select born_month as month from ' ~ ref('int_open_trends')) }}"
) }}

with candidates as (
    select *
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
)

select
    adoptions.trend_key,
    adoptions.account_key,
    publications.published_at,
    bool_or(tagged.published_at is not null) as has_trend,
    adoptions.born_month
from {{ ref("int_trend_adoptions") }} as adoptions
inner join candidates on adoptions.trend_key = candidates.trend_key
inner join {{ ref("int_publications") }} as publications
    on
        adoptions.account_key = publications.account_key
        and publications.published_at >= candidates.born_at
        and publications.published_at < candidates.window_ends_at
        and publications.event_day >= candidates.born_at::date
left join tagged
    on
        adoptions.trend_key = tagged.trend_key
        and adoptions.account_key = tagged.account_key
        and publications.published_at = tagged.published_at
group by all
