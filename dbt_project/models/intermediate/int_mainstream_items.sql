{{ config(materialized="view") }}

-- One item is found more than once where its own time was edited or several archives list it: a statement with a title goes before one
-- without, a time that the item states before the time at which it was seen, a later statement before an earlier one, and of statements
-- of one moment the earlier day, which only who read the article itself can know.
with items as (
    {{ all_items() }}
)

select *
from items
qualify row_number() over (
    partition by item_key
    order by title is not null desc, ts_quality <> 'collected' desc, observed_at desc, landed_night desc, event_day asc, platform asc
) = 1
