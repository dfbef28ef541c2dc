-- depends_on: {{ ref('int_changed_tag_users') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["tag", "account_key"], "listed_in": "int_changed_tag_users"}}
) }}

select
    tag,
    account_key,
    min(published_at) as adopted_at,
    min(event_day) as event_day
from {{ ref("int_tag_uses") }}
{% if is_incremental() %}
where (tag, account_key) in (select (tag, account_key) from {{ ref("int_changed_tag_users") }})
{% endif %}
group by all
