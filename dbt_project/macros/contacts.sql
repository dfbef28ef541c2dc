{# Whom the accounts of the CTE "adoptions" (with account_key and adopted_at) know, as three CTEs: "known_follows", each from when it is known;
   "interactions", by month; and "adoption_months", each adoption once for each month in which a contact of it can lie. Interactions are met
   month by month, so that an account's years before and after are not gone through.
   among_adopters: only who adopted something too. #}
{% macro contacts_of_adopters(among_adopters) %}
{% set is_contact %}
        source_account_key in (select account_key from adoptions)
        and source_account_key <> target_account_key
        {%- if among_adopters %}
        and target_account_key in (select account_key from adoptions)
        {%- endif %}
{% endset %}
known_follows as (
    select
        source_account_key,
        target_account_key,
        min(coalesce(followed_at, observed_at)) as known_at
    from ({{ all_platforms("follows") }}) as follows
    where
        {{ is_contact | trim }}
        and follow_key not in (select subject_key from {{ ref("int_deletions") }})
    group by all
),

adoption_months as (
    select
        *,
        unnest(generate_series(
            date_trunc('month', (adopted_at - interval {{ var("contact_window_days") }} day)::date), adopted_at::date, interval 1 month
        ))::date as interacted_month
    from adoptions
),

interactions as (
    select
        source_account_key,
        target_account_key,
        interaction_type,
        interaction_key,
        post_key,
        target_post_key,
        interacted_at,
        date_trunc('month', event_day)::date as interacted_month
    from {{ ref("int_interactions") }}
    where
        event_day >= (select date_trunc('month', min(adopted_at - interval {{ var("contact_window_days") }} day)::date) from adoptions)
        and {{ is_contact | trim }}
)
{% endmacro %}
