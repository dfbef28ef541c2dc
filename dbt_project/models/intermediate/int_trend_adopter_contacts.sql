-- depends_on: {{ ref('int_retraced_trends') }}
{{ depends_on_all_platforms("follows") }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["trend_key"], "listed_in": "int_retraced_trends"}},
    post_hook="{{ export_months(this, 'born_month', 'select born_month as month from ' ~ ref('int_retraced_trends')) }}"
) }}

-- How many contacts of an adopter are known at all, adopters or not: without any, that no parent was found says nothing.
with compared as (
    select trend_key
    from {{ ref("int_trend_candidates") }}
    where not is_left_censored
),

adoptions as (
    select
        trend_key,
        account_key,
        adopted_at,
        born_month
    from {{ ref("int_trend_adoptions") }}
    where
        trend_key in (select trend_key from compared)
        {% if is_incremental() %}
        and trend_key in (select trend_key from {{ ref("int_retraced_trends") }})
        {% endif %}
),

{{ contacts_of_adopters(among_adopters=false) }},

followed as (
    select
        adoptions.trend_key,
        adoptions.account_key,
        count(*)::bigint as followed_account_count
    from adoptions
    inner join known_follows
        on adoptions.account_key = known_follows.source_account_key and known_follows.known_at < adoptions.adopted_at
    group by all
),

interacted as (
    select
        adoptions.trend_key,
        adoptions.account_key,
        count(distinct interactions.target_account_key)::bigint as interacted_account_count
    from adoption_months as adoptions
    inner join interactions
        on
            adoptions.account_key = interactions.source_account_key
            and adoptions.interacted_month = interactions.interacted_month
            and interactions.interacted_at < adoptions.adopted_at
            and interactions.interacted_at >= adoptions.adopted_at - interval {{ var("contact_window_days") }} day
    group by all
)

select
    adoptions.trend_key,
    adoptions.account_key,
    coalesce(followed.followed_account_count, 0)::bigint as followed_account_count,
    coalesce(interacted.interacted_account_count, 0)::bigint as interacted_account_count,
    adoptions.born_month
from adoptions
left join followed on adoptions.trend_key = followed.trend_key and adoptions.account_key = followed.account_key
left join interacted on adoptions.trend_key = interacted.trend_key and adoptions.account_key = interacted.account_key
