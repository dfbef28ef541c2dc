-- depends_on: {{ ref('int_changed_accounts') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["account_key"], "listed_in": "int_changed_accounts"}}
) }}

-- A profile that came without its text says nothing of links: neither that there are any nor that they were taken back.
with readings as (
    select
        platform,
        account_key,
        observed_at,
        declared_handle_keys
    from ({{ all_platforms("accounts") }}) as snapshots_of_all_days
    where
        declared_handle_keys is not null
        {% if is_incremental() %}
        and account_key in (select account_key from {{ ref("int_changed_accounts") }})
        {% endif %}
),

declared as (
    select
        platform,
        account_key,
        observed_at,
        unnest(declared_handle_keys) as declared_handle_key
    from readings
),

spans as (
    select
        platform,
        account_key,
        declared_handle_key,
        min(observed_at) as first_seen_at,
        max(observed_at) as last_seen_at
    from declared
    group by all
)

select
    spans.platform,
    spans.account_key,
    spans.declared_handle_key,
    spans.first_seen_at,
    spans.last_seen_at,
    min(readings.observed_at) as withdrawn_at
from spans
left join readings
    on
        spans.account_key = readings.account_key
        and spans.last_seen_at < readings.observed_at
group by all
