with naive_false_claims as (
    -- How often the naive lead over outlets claims something where there is nothing: the worst of the simulated null worlds.
    select max((lead_first_count + target_first_count) / seed_count) as naive_false_claim_ratio
    from {{ ref("calibration") }}
    where metric = 'claims_media' and estimator = 'naive_lead_sign' and world_kind = 'null'
)

select
    adoptions.trend_key,
    candidates.label,
    adoptions.target_class,
    adoptions.period,
    adoptions.item_count,
    adoptions.undated_item_count,
    adoptions.outlet_count,
    adoptions.syndication_group_count,
    adoptions.independent_outlet_count,
    adoptions.credited_item_count,
    adoptions.late_credit_count,
    adoptions.first_adopted_low_at,
    adoptions.first_adopted_high_at,
    adoptions.lag_days,
    adoptions.lag_low_days,
    adoptions.lag_high_days,
    adoptions.baseline_lag_days,
    adoptions.lag_excess_days,
    adoptions.excess_probability,
    adoptions.excess_p_value,
    adoptions.excess_q_value,
    adoptions.clustering_p_value,
    adoptions.precedence_q_value,
    adoptions.naive_lead_days,
    adoptions.is_naive_claim,
    naive_false_claims.naive_false_claim_ratio,
    adoptions.niche_id,
    adoptions.insider_adopter_count,
    adoptions.insider_platform_count,
    adoptions.evidence_level::integer as evidence_level,
    adoptions.not_higher_reason,
    adoptions.abstain_reason,
    adoptions.method_version,
    adoptions.params_hash
from {{ source("derived", "mainstream_adoptions") }} as adoptions
inner join {{ ref("int_trend_candidates") }} as candidates on adoptions.trend_key = candidates.trend_key
cross join naive_false_claims
order by adoptions.trend_key, adoptions.target_class
