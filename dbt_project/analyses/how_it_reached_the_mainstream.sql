-- Which trends reached brands and media, how long after, on what evidence, and what holds back the rest?
-- A lag alone is no claim: outlets are later than somebody nearly always (naive_false_claim_ratio says how often where nothing leads).
select
    adoptions.label,
    adoptions.target_class,
    adoptions.evidence_level,
    adoptions.not_higher_reason,
    adoptions.abstain_reason,
    adoptions.syndication_group_count,
    adoptions.lag_days,
    adoptions.lag_low_days,
    adoptions.lag_high_days,
    adoptions.baseline_lag_days,
    adoptions.excess_q_value,
    adoptions.insider_adopter_count,
    verdicts.origin_tier,
    verdicts.origin_platform,
    niches.name as origin_niche_name,
    verdicts.origin_confidence
from {{ ref("mainstream_adoptions") }} as adoptions
left join {{ ref("trend_origin_verdicts") }} as verdicts on adoptions.trend_key = verdicts.trend_key
left join {{ ref("niches") }} as niches on verdicts.origin_niche_id = niches.niche_id
order by adoptions.evidence_level desc nulls last, adoptions.label asc, adoptions.target_class asc
