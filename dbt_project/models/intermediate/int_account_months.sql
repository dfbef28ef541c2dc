-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}}
) }}

select
    date_trunc('month', event_day)::date as month,
    platform,
    account_key,
    sum(own_post_count)::bigint as own_post_count,
    arg_max(tier_at_last_own_post, last_own_post_at) as tier_at_last_own_post
from {{ ref("int_account_days") }}
where
    own_post_count > 0
    {% if is_incremental() %}
    and date_trunc('month', event_day)::date in (select month from {{ ref("int_touched_months") }})
    {% endif %}
group by all
