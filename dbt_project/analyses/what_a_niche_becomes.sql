-- Which niches are being born, merging, splitting or dying, what do they say, and which niche is nearest? The newest events first.
-- Where nobody was active in both months, neither a birth nor a death could be seen otherwise.
with vocabulary as (
    select
        niche_id,
        month,
        string_agg(term, ', ' order by term_rank, term_kind, term) as distinctive_terms
    from {{ ref("niche_vocabulary") }}
    where term_rank <= 5
    group by all
),

nearest as (
    select
        niche_id,
        month,
        other_name
    from {{ ref("niche_neighbours") }}
    where neighbour_rank = 1
)

select
    events.month,
    events.event,
    events.name,
    events.other_name,
    events.previous_member_count,
    events.member_count,
    events.panel_member_count,
    events.previous_panel_member_count,
    events.jaccard,
    events.containment,
    events.threshold,
    vocabulary.distinctive_terms,
    nearest.other_name as nearest_name
from {{ ref("niche_events") }} as events
left join vocabulary on events.niche_id = vocabulary.niche_id and events.month = vocabulary.month
left join nearest on events.niche_id = nearest.niche_id and events.month = nearest.month
order by events.month desc, events.event asc, events.member_count desc, events.name asc
