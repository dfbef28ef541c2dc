select
    month,
    account_count,
    member_count,
    member_count / nullif(account_count, 0) as member_share,
    niche_count,
    rarefied_member_count,
    effective_niche_count,
    effective_niche_low_count,
    effective_niche_high_count,
    distinctness_bits,
    distinctness_pair_count,
    overlap_ratio,
    assortativity,
    assortativity_z_score,
    external_internal_index,
    method_version,
    params_hash
from {{ source("derived", "culture_windows") }}
order by month
