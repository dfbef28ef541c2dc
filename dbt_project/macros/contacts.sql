{# A CTE "adoption_months": each row of the CTE "adoptions" (with adopted_at) once for each month in which a contact of it can lie. Interactions
   are met month by month, so that an account's years before and after are not gone through. #}
{% macro adoption_months() %}
adoption_months as (
    select
        *,
        unnest(generate_series(
            date_trunc('month', (adopted_at - interval {{ var("contact_window_days") }} day)::date), adopted_at::date, interval 1 month
        ))::date as interacted_month
    from adoptions
)
{% endmacro %}
