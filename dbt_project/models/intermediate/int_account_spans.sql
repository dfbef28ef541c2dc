-- depends_on: {{ ref('int_changed_accounts') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["account_key"], "listed_in": "int_changed_accounts"}}
) }}

select
    platform,
    account_key,
    sum(post_count)::bigint as post_count,
    sum(own_post_count)::bigint as own_post_count,
    min(first_post_at) as first_post_at,
    max(last_post_at) as last_post_at,
    min(event_day) filter (where own_post_count > 0) as first_own_post_on,
    max(event_day) filter (where own_post_count > 0) as last_own_post_on
from {{ ref("int_account_days") }}
{% if is_incremental() %}
where account_key in (select account_key from {{ ref("int_changed_accounts") }})
{% endif %}
group by all
