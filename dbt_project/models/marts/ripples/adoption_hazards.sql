select
    target_class,
    covariate,
    unit,
    landmark_days,
    excluded_count,
    ended_count,
    small_count,
    at_risk_count,
    known_count,
    trend_count,
    event_count,
    covariate_count,
    cluster_count,
    hazard_ratio,
    hazard_ratio_low,
    hazard_ratio_high,
    p_value,
    q_value,
    proportionality_correlation,
    proportionality_p_value,
    case
        when abstain_reason is not null then 'abstained'
        when q_value >= 0.05 then 'none'
        when hazard_ratio > 1 then 'faster'
        else 'slower'
    end as claim,
    abstain_reason,
    method_version,
    params_hash
from {{ source("derived", "adoption_hazards") }}
order by target_class, covariate
