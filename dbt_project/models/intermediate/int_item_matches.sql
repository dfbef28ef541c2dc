-- depends_on: {{ ref('int_open_trends') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["trend_key"], "listed_in": "int_open_trends"}}
) }}

-- Items of outlets that name a candidate trend in their tags or titles: from as long before its birth as rates are taken over, so that who
-- printed it first is seen, to the end of its window, give or take the day that a date is wide.
with candidates as (
    {{ candidates_looked_for() }}
),

items as (
    select *
    from {{ ref("int_mainstream_items") }}
    where event_day >= (select min(looked_for_from)::date from candidates)
),

-- A unit is named under all its labels.
labels as (
    {{ trend_labels("candidates") }}
),

found_units as (
    {{ items_that_name("items", "labels") }}
)

select
    found_units.trend_key,
    found_units.item_key,
    bool_or(found_units.matched_by = 'tag') as is_tag_match,
    bool_or(found_units.matched_by = 'title') as is_title_match
from found_units
inner join items on found_units.item_key = items.item_key
inner join candidates
    on
        found_units.trend_key = candidates.trend_key
        and items.published_at >= candidates.looked_for_from - interval 1 day
        and items.published_at < candidates.window_ends_at + interval 1 day
group by all
