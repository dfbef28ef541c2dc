-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}},
    post_hook="{{ export_months(this, 'month', 'select month from ' ~ ref('int_touched_months')) }}"
) }}

select
    date_trunc('month', event_day)::date as month,
    platform,
    source_account_key,
    target_account_key,
    count(*) as interaction_count
from {{ ref("int_interactions") }}
where
    source_account_key is not null
    and target_account_key is not null
    and source_account_key <> target_account_key
    {% if is_incremental() %}
    and date_trunc('month', event_day)::date in (select month from {{ ref("int_touched_months") }})
    {% endif %}
group by all
