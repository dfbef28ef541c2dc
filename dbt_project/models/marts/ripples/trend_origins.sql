select
    origins.trend_key,
    candidates.label,
    origins.account_key,
    origins.rank,
    origins.adopted_at,
    origins.ts_quality,
    origins.platform,
    origins.actor_class,
    origins.tier_at_birth,
    origins.niche_id,
    origins.is_insider,
    origins.seen_ratio,
    origins.credibility,
    origins.credibility_null_reason,
    origins.method_version,
    origins.params_hash
from {{ source("derived", "trend_origins") }} as origins
inner join {{ ref("int_trend_candidates") }} as candidates using (trend_key)
order by origins.trend_key, origins.rank, origins.account_key
