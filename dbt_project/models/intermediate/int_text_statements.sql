-- depends_on: {{ ref('int_restated_nights') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["platform", "landed_night"], "listed_in": "int_restated_nights"}}
) }}

-- The latest statement of each post within its night; a night can tell of a post by several observed days.
select *
from {{ text_signal_rows() }} as signals
qualify row_number() over (partition by platform, landed_night, post_key order by observed_at desc, hash(signals) desc) = 1
