-- depends_on: {{ ref('int_account_months') }}
-- depends_on: {{ ref('int_interactions') }}
-- depends_on: {{ ref('int_posts') }}
-- depends_on: {{ ref('int_reached_posts') }}
-- depends_on: {{ ref('int_relation_horizons') }}
{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- Months whose relations tonight's rows change. An answer counts in the month of what it answers, and a partner comes again in the month
-- after: so the months beside a touched one change too. Where the end of what is known moves, replies become old enough to be judged.
{%- set last_horizons = as_last_night("int_relation_horizons_last_night") %}
with touched as (
    select month from {{ ref("int_touched_months") }}
    {% if last_horizons is not none %}
    union
    -- Whether a reply's post was found is told in the month of the reply.
    select date_trunc('month', event_day)::date as month
    from {{ ref("int_interactions") }}
    where
        target_post_key in (
            select post_key from {{ ref("int_posts") }}
            where event_day in {{ touched_day_list() }}
            union all
            select post_key from {{ ref("int_reached_posts") }}
        )
    {% endif %}
),

{% if last_horizons is not none %}
moved_horizons as (
    select
        least(now.known_until, before.known_until) - interval {{ var("relation_horizon_days") }} days as begins_at,
        greatest(now.known_until, before.known_until) as ends_at
    from {{ ref("int_relation_horizons") }} as now
    full outer join {{ last_horizons }} as before on now.platform = before.platform
    where now.known_until is distinct from before.known_until
),

{% endif %}
beside as (
    select unnest([month - interval 1 month, month + interval 1 month])::date as month
    from touched
),

reached as (
    select month from touched
    union
    select month from beside
    where month in (select month from {{ ref("int_account_months") }})
    {% if last_horizons is not none %}
    union
    select unnest(generate_series(date_trunc('month', begins_at), date_trunc('month', ends_at), interval 1 month))::date as month
    from moved_horizons
    {% endif %}
)

select distinct month
from reached
{{ with_carried_rows() }}
