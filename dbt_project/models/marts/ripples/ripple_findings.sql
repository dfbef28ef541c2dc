with naive_false_claims as (
    -- How often the sign of naive leads claims a lead where there is none: the worst of the simulated null worlds, measured with tiers.
    select max((lead_first_count + target_first_count) / seed_count) as naive_false_claim_ratio
    from {{ ref("calibration") }}
    where estimator = 'naive_lead_sign' and world_kind = 'null'
)

select
    findings.unit_type,
    findings.population,
    findings.period,
    findings.comparison_kind,
    findings.lead_group,
    findings.target_group,
    findings.trend_count,
    findings.event_count,
    findings.abstained_count,
    findings.left_out_count,
    findings.precedence_probability,
    findings.precedence_low,
    findings.precedence_high,
    findings.kernel_p_value,
    findings.shift_hours,
    findings.shift_low_hours,
    findings.shift_high_hours,
    findings.timeline_p_value,
    findings.shift_spread_hours,
    findings.lead_use_chance,
    findings.target_use_chance,
    findings.use_chance_p_value,
    findings.p_value,
    findings.q_value,
    findings.naive_lead_hours,
    findings.naive_lead_null_hours,
    findings.naive_p_value,
    naive_false_claims.naive_false_claim_ratio,
    findings.claim,
    findings.abstain_reason,
    findings.method_version,
    findings.params_hash
from {{ source("derived", "ripple_findings") }} as findings
cross join naive_false_claims
order by findings.unit_type, findings.population, findings.period, findings.comparison_kind, findings.lead_group, findings.target_group
