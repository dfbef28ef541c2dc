-- depends_on: {{ ref('int_changed_unit_users') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["unit_type", "unit", "account_key"], "listed_in": "int_changed_unit_users"}}
) }}

select
    unit_type,
    unit,
    account_key,
    min(published_at) as adopted_at,
    min(event_day) as event_day
from {{ ref("int_unit_uses") }}
{% if is_incremental() %}
where (unit_type, unit, account_key) in (select (unit_type, unit, account_key) from {{ ref("int_changed_unit_users") }})
{% endif %}
group by all
