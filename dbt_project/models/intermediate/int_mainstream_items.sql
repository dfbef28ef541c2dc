{{ config(materialized="view") }}

-- One item can be found on two event days only if its own time was edited; the later statement holds.
select *
from {{ ref("stg_feeds__mainstream_items") }}
qualify row_number() over (partition by item_key order by observed_at desc, landed_night desc, event_day desc) = 1
