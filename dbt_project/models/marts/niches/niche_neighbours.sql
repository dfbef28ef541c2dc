select
    neighbours.niche_id,
    neighbours.month,
    neighbours.other_niche_id,
    neighbours.neighbour_rank,
    profiles.name,
    other_profiles.name as other_name,
    neighbours.vocabulary_similarity,
    neighbours.overlap_ratio,
    neighbours.method_version,
    neighbours.params_hash
from {{ source("derived", "niche_neighbours") }} as neighbours
inner join {{ source("derived", "niche_profiles") }} as profiles
    on neighbours.niche_id = profiles.niche_id and neighbours.month = profiles.month
inner join {{ source("derived", "niche_profiles") }} as other_profiles
    on neighbours.other_niche_id = other_profiles.niche_id and neighbours.month = other_profiles.month
order by neighbours.niche_id, neighbours.month, neighbours.neighbour_rank, neighbours.other_niche_id
