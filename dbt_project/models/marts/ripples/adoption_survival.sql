select
    origin_class,
    target_class,
    day,
    trend_count,
    cluster_count,
    excluded_count,
    at_risk_count,
    event_count,
    censored_count,
    survival,
    survival_low,
    survival_high,
    cumulative_incidence,
    log_rank_p_value,
    method_version,
    params_hash
from {{ source("derived", "adoption_survival") }}
order by origin_class, target_class, day
