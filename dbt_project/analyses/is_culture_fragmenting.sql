-- Is culture fragmenting (more niches, less alike) or becoming the same everywhere (niches stay, but grow alike)?
-- A difference inside the interval of the month before is none; the raw number of niches grows with the accounts that are collected.
select
    month,
    account_count,
    member_count,
    member_share,
    niche_count,
    effective_niche_count,
    effective_niche_low_count,
    effective_niche_high_count,
    effective_niche_count
    not between lag(effective_niche_low_count) over (order by month) and lag(effective_niche_high_count) over (order by month)
        as is_number_beyond_last,
    distinctness_bits,
    distinctness_pair_count,
    overlap_ratio,
    assortativity_z_score,
    external_internal_index
from {{ ref("culture_months") }}
order by month
