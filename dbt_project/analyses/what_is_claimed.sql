-- Who is earlier as a rule: tiers, platforms and niches, over all trends of a type of unit and without those that look bought?
select
    unit_type,
    population,
    comparison_kind,
    lead_group,
    target_group,
    trend_count,
    event_count,
    claim,
    precedence_probability,
    precedence_low,
    precedence_high,
    shift_hours,
    shift_low_hours,
    shift_high_hours,
    shift_spread_hours,
    q_value,
    naive_lead_hours,
    naive_false_claim_ratio,
    abstain_reason
from {{ ref("ripple_findings") }}
where period = 'all'
order by unit_type, population, comparison_kind, q_value nulls last, lead_group, target_group
