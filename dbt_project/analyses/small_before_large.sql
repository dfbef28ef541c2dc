-- Which trends were taken up by small creators before large ones, and by how much? A probability of 0.5 is the null.
select
    unit_type,
    label,
    precedence_probability,
    precedence_low,
    precedence_high,
    q_value,
    shift_hours,
    shift_low_hours,
    shift_high_hours,
    evidence_level,
    pooled_claim
from {{ ref("ripple_effects") }}
where
    target_class = 'large_creators'
    and abstain_reason is null
order by q_value, label
