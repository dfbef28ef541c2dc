with pooled as (
    select
        unit_type,
        lead_class,
        target_class,
        claim
    from {{ source("derived", "precedence_findings") }}
    where period = 'all'
)

select
    precedence.trend_key,
    candidates.unit_type,
    candidates.label,
    precedence.lead_class,
    precedence.target_class,
    precedence.lead_adopter_count,
    precedence.target_adopter_count,
    precedence.precedence_probability,
    precedence.precedence_low,
    precedence.precedence_high,
    precedence.decidable_ratio,
    precedence.p_value,
    precedence.q_value,
    precedence.shift_hours,
    precedence.shift_low_hours,
    precedence.shift_high_hours,
    precedence.naive_lead_hours,
    precedence.naive_lead_null_hours,
    precedence.naive_lead_null_p,
    coalesce(pooled.claim, 'abstained') as pooled_claim,
    -- Level 0: both used it. Level 1: earlier than the null beyond the false discovery rate, where the pooled claim agrees.
    case
        when precedence.abstain_reason is not null then null
        when precedence.q_value < 0.05 and precedence.precedence_probability > 0.5 and pooled.claim = 'lead_first' then 1
        else 0
    end::integer as evidence_level,
    precedence.abstain_reason,
    precedence.method_version,
    precedence.params_hash
from {{ source("derived", "trend_precedence") }} as precedence
inner join {{ ref("int_trend_candidates") }} as candidates using (trend_key)
left join pooled
    on
        candidates.unit_type = pooled.unit_type
        and precedence.lead_class = pooled.lead_class
        and precedence.target_class = pooled.target_class
-- Platforms against platforms stay out: here their naive number would stand beside label shuffles, which do not hold between collections.
where precedence.lead_class = 'micro'
order by precedence.trend_key, precedence.lead_class, precedence.target_class
