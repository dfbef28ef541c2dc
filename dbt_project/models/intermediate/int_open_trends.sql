{%- for platform in var("item_platforms") %}
-- depends_on: {{ ref("stg_" ~ platform ~ "__mainstream_items") }}
{%- endfor %}
-- depends_on: {{ ref('int_reached_account_days') }}
-- depends_on: {{ ref('int_accounts') }}
-- depends_on: {{ ref('int_account_days') }}
-- depends_on: {{ ref('int_follower_snapshots') }}
-- depends_on: {{ ref('int_unit_aliases') }}
{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- Trends that are made anew tonight, those that are gone included; every other trend stays as it is.
{%- set last_candidates = as_last_night("int_trend_candidates_last_night") %}
{%- set last_adoptions = as_last_night("int_trend_adoptions") %}
{%- set last_aliases = as_last_night("int_unit_aliases_last_night") %}
{%- set last_accounts = as_last_night("int_accounts_last_night") %}
{% if last_candidates is none or last_adoptions is none or last_accounts is none or last_aliases is none %}
select
    trend_key,
    date_trunc('month', born_at)::date as born_month
from {{ ref("int_trend_candidates") }}
{% else %}
with candidates as (
    select * from {{ ref("int_trend_candidates") }}
),

last_candidates as (
    select * from {{ last_candidates }}
),

changed as (
    (select * from candidates except select * from last_candidates)
    union all
    (select * from last_candidates except select * from candidates)
),

-- A label that joins a unit, or leaves it, changes the uses of the unit that it was of and of the one that it is of.
realiased as (
    select candidates.*
    from candidates
    where (candidates.unit_type, candidates.unit) in (
        select (unit_type, unit)
        from (
            (
                select alias_type, alias, unit_type, unit from {{ ref("int_unit_aliases") }}
                except
                select alias_type, alias, unit_type, unit from {{ last_aliases }}
            )
            union all
            (
                select alias_type, alias, unit_type, unit from {{ last_aliases }}
                except
                select alias_type, alias, unit_type, unit from {{ ref("int_unit_aliases") }}
            )
        )
    )
),

-- An item found again under another time leaves the day on which it was.
touched_days as (
    select unnest(touched_days) as event_day from read_parquet('{{ data_root() }}/state/night.parquet')
    union
    select event_day from ({{ all_items() }}) as items
    where item_key in (select item_key from ({{ all_items() }}) as found where event_day in {{ touched_day_list() }})
),

published_days as (
    select
        account_key,
        event_day
    from {{ ref("int_account_days") }}
    where event_day in {{ touched_day_list() }}
    union
    select
        outlet_key as account_key,
        event_day
    from ({{ all_items() }}) as items
    where event_day in {{ touched_day_list() }}
),

-- Posting rates are counted before the birth, timelines up to the window's end: a post in between may change the trend.
touched as (
    select distinct candidates.*
    from candidates
    inner join touched_days
        on
            touched_days.event_day >= candidates.born_at::date - {{ var("rate_window_days") + 1 }}
            and touched_days.event_day <= candidates.window_ends_at::date
),

reached as (
    select distinct candidates.*
    from candidates
    inner join {{ last_adoptions }} as adoptions on candidates.trend_key = adoptions.trend_key
    inner join {{ ref("int_reached_account_days") }} as days
        on
            adoptions.account_key = days.account_key
            and days.event_day <= candidates.window_ends_at::date
),

recast as (
    select distinct candidates.*
    from candidates
    inner join {{ last_adoptions }} as adoptions on candidates.trend_key = adoptions.trend_key
    left join {{ ref("int_accounts") }} as now on adoptions.account_key = now.account_key
    left join {{ last_accounts }} as before on adoptions.account_key = before.account_key
    where now.actor_class is distinct from before.actor_class
),

-- The size at the birth hangs on the snapshots up to it, or on the first one there is.
new_snapshots as (
    select
        account_key,
        event_day,
        observed_at,
        row_number() over (partition by account_key order by observed_at) = 1 as is_first
    from {{ ref("int_follower_snapshots") }}
    where account_key in (select account_key from {{ ref("int_follower_snapshots") }} where event_day in {{ touched_day_list() }})
),

resized as (
    select distinct candidates.*
    from candidates
    inner join {{ last_adoptions }} as adoptions on candidates.trend_key = adoptions.trend_key
    inner join new_snapshots
        on
            adoptions.account_key = new_snapshots.account_key
            and (new_snapshots.observed_at <= candidates.born_at or new_snapshots.is_first)
    where new_snapshots.event_day in {{ touched_day_list() }}
),

-- What lies before the rate window counts too for who was not seen publishing then: since when it is seen, and what came before its adoption.
seen_earlier as (
    select distinct candidates.*
    from candidates
    inner join {{ last_adoptions }} as adoptions on candidates.trend_key = adoptions.trend_key
    inner join published_days as days
        on
            adoptions.account_key = days.account_key
            and days.event_day < candidates.born_at::date - {{ var("rate_window_days") }}
    where
        adoptions.prior_exposure_days < {{ var("rate_window_days") }}
        or adoptions.previous_post_at is null
        or adoptions.previous_post_at < candidates.born_at - interval {{ var("rate_window_days") }} day
),

open_trends as (
    select * from changed
    union all
    select * from realiased
    union all
    select * from touched
    union all
    select * from reached
    union all
    select * from recast
    union all
    select * from resized
    union all
    select * from seen_earlier
)

select distinct
    trend_key,
    date_trunc('month', born_at)::date as born_month
from open_trends
{{ with_carried_rows() }}
{% endif %}
