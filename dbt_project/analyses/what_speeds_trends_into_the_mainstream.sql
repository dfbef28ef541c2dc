-- What was known of trends two weeks after their birth that goes with being taken up sooner, or later, and is that so all along?
select
    target_class,
    covariate,
    unit,
    claim,
    hazard_ratio,
    hazard_ratio_low,
    hazard_ratio_high,
    q_value,
    covariate_count,
    trend_count,
    event_count,
    proportionality_p_value < 0.05 as changes_in_time,
    abstain_reason
from {{ ref("adoption_hazards") }}
order by target_class, q_value nulls last, covariate
