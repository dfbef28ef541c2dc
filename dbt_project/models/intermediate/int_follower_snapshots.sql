{{ config(materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail") }}

with snapshots as (
    {{ all_platforms("accounts", of_touched_days=is_incremental()) }}
)

select
    event_day,
    platform,
    account_key,
    observed_at,
    max(followers_count) as followers_count
from snapshots
where followers_count is not null
group by all
