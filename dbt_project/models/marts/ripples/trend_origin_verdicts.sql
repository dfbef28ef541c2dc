select
    verdicts.trend_key,
    candidates.label,
    candidates.born_at,
    verdicts.origin_set_count,
    verdicts.tied_first_count,
    verdicts.timed_adopter_count,
    verdicts.seen_ratio,
    verdicts.origin_confidence,
    verdicts.origin_tier,
    verdicts.origin_tier_credibility,
    verdicts.origin_niche_id,
    verdicts.origin_niche_credibility,
    verdicts.origin_platform,
    verdicts.origin_platform_credibility,
    verdicts.known_tier_count,
    verdicts.micro_share,
    verdicts.known_insider_count,
    verdicts.insider_share,
    verdicts.abstain_reason,
    verdicts.method_version,
    verdicts.params_hash
from {{ source("derived", "trend_origin_verdicts") }} as verdicts
inner join {{ ref("int_trend_candidates") }} as candidates using (trend_key)
order by verdicts.trend_key
