-- depends_on: {{ ref('int_searched_nights') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["platform", "searched_night"], "listed_in": "int_searched_nights"}}
) }}

-- What each night's search found. A night can tell of a post by several observed days.
select distinct
    platform,
    post_key,
    phrase,
    searched_night
from {{ text_phrase_rows() }}
