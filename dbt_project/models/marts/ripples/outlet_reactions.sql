select
    target_class,
    period,
    shock_count,
    reaction_count,
    first_reaction_median_days,
    reaction_median_days,
    reaction_low_days,
    reaction_high_days,
    abstain_reason,
    method_version,
    params_hash
from {{ source("derived", "outlet_reactions") }}
order by target_class, period
