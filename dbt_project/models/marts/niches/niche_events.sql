select
    events.niche_id,
    events.month,
    events.event,
    niches.name,
    events.other_niche_id,
    other_niches.name as other_name,
    events.jaccard,
    events.containment,
    events.member_count,
    events.previous_member_count,
    events.panel_member_count,
    events.previous_panel_member_count,
    events.threshold,
    events.method_version,
    events.params_hash
from {{ source("derived", "niche_events") }} as events
inner join {{ ref("niches") }} as niches on events.niche_id = niches.niche_id
left join {{ ref("niches") }} as other_niches on events.other_niche_id = other_niches.niche_id
order by events.month, events.niche_id, events.event
