-- depends_on: {{ ref('int_reached_account_days') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaced_by_list": {"keys": ["event_day"], "listed_in": "int_reached_account_days"}}
) }}

select
    platform,
    tag,
    event_day,
    count(distinct account_key)::bigint as author_count
from {{ ref("int_tag_uses") }}
{% if is_incremental() %}
where
    event_day in {{ touched_day_list() }}
    or event_day in (select event_day from {{ ref("int_reached_account_days") }})
{% endif %}
group by all
