-- depends_on: {{ ref('int_reached_account_days') }}
-- depends_on: {{ ref('int_restated_posts') }}
-- depends_on: {{ ref('int_restated_phrase_users') }}
-- Units of accounts whose first use tonight's rows may change.
{%- set last_first_uses = as_last_night("int_unit_first_uses") %}
with new_uses as (
    select
        unit_type,
        unit,
        account_key,
        min(published_at) as used_at
    from {{ ref("int_unit_uses") }}
    where
        event_day in {{ touched_day_list() }}
        or post_key in (select post_key from {{ ref("int_reached_posts") }})
        or (unit_type = 'phrase' and post_key in (select post_key from {{ ref("int_restated_posts") }}))
    group by all
)

{% if last_first_uses is none %}
select
    unit_type,
    unit,
    account_key
from new_uses
{% else %}
select
    unit_type,
    unit,
    account_key
from {{ last_first_uses }}
where event_day in {{ touched_day_list() }}
union
select
    unit_type,
    unit,
    account_key
from {{ last_first_uses }}
where (account_key, event_day) in (select (account_key, event_day) from {{ ref("int_reached_account_days") }})
union
select
    new_uses.unit_type,
    new_uses.unit,
    new_uses.account_key
from new_uses
left join {{ last_first_uses }} as known
    on new_uses.unit_type = known.unit_type and new_uses.unit = known.unit and new_uses.account_key = known.account_key
where known.adopted_at is null or new_uses.used_at < known.adopted_at
union
select
    'phrase' as unit_type,
    phrase as unit,
    account_key
from {{ ref("int_restated_phrase_users") }}
{{ with_carried_rows() }}
{% endif %}
