select
    world,
    world_kind,
    metric,
    estimator,
    truth,
    seed_count,
    lead_first_count,
    target_first_count,
    value,
    low,
    high,
    lead_first_upper,
    target_first_upper,
    -- A word of SQL's own is no name for analysts.
    "limit" as upper_limit,
    is_gating,
    status,
    size,
    method_version,
    params_hash,
    calibration_key
from {{ source("state", "calibration") }}
order by world, metric, estimator
