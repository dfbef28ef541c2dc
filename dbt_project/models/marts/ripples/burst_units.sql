select
    month,
    tag as label,
    user_count,
    day_count,
    base_level,
    dispersion,
    daily_drift,
    scan_gain,
    p_value,
    q_value,
    is_bursting,
    naive_is_bursting,
    naive_kleinberg_weight,
    abstain_reason,
    method_version,
    params_hash
from {{ source("derived", "burst_units") }}
-- The k of the tables' k-anonymity: a unit is looked at from fewer users than it is told of.
where user_count >= {{ var("smallest_adopter_count") }}
order by month, label
