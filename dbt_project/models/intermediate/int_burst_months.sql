{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- Months whose bursts are looked for again: a month is judged by the days from two months before it to the month after it.
with collected as (
    select
        date_trunc('month', min(event_day))::date as first_month,
        date_trunc('month', max(event_day))::date as last_month
    from {{ ref("int_author_days") }}
),

around as (
    select
        touched.month as touched_month,
        unnest(generate_series(
            touched.month - interval 1 month, touched.month + interval 2 month, interval 1 month
        ))::date as month
    from {{ ref("int_touched_months") }} as touched
)

select distinct around.month
from around
left join collected on true
where
    around.month = around.touched_month
    or around.month between collected.first_month and collected.last_month
