-- depends_on: {{ ref('int_accounts') }}
{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- Months whose windows tonight's rows open again; every other month stays as it is.
{%- set last_accounts = as_last_night("int_accounts_last_night") %}
with touched_days as (
    select unnest([{% for day in touched_days() %}date '{{ day }}'{{ ", " if not loop.last }}{% endfor %}]::date[]) as event_day
),

{% if last_accounts is not none %}
-- Another person or another kind of actor behind an account changes all the months in which the person published: what is told of one
-- account of a person, such as where it moved, hangs on the others.
changed_persons as (
    select unnest([now.creator_key, before.creator_key]) as creator_key
    from {{ ref("int_accounts") }} as now
    full outer join {{ last_accounts }} as before on now.account_key = before.account_key
    where
        now.creator_key is distinct from before.creator_key
        or now.actor_class is distinct from before.actor_class
),

recast_accounts as (
    select account_key from {{ ref("int_accounts") }}
    where creator_key in (select creator_key from changed_persons)
    union
    select account_key from {{ last_accounts }}
    where creator_key in (select creator_key from changed_persons)
),
{% endif %}

changed_days as (
    select event_day from touched_days
    union
    select event_day from {{ ref("int_reached_account_days") }}
    union
    select event_day from {{ ref("int_reached_interactions") }}
    {% if last_accounts is not none %}
    union
    select event_day from {{ ref("int_account_days") }}
    where account_key in (select account_key from recast_accounts)
    {% else %}
    union
    select event_day from {{ ref("int_account_days") }}
    union
    select event_day from {{ ref("int_interactions") }}
    {% endif %}
)

select distinct date_trunc('month', event_day)::date as month
from changed_days
where event_day is not null
{{ with_carried_rows() }}
