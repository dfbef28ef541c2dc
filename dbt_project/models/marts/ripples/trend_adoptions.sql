select
    adoptions.trend_key,
    adoptions.account_key,
    adoptions.platform,
    adoptions.actor_class,
    adoptions.tier,
    adoptions.is_tier_imputed,
    adoptions.tier_at_birth,
    -- Niche of the month before the adoption where there is one: what came of the trend must not explain it.
    assignments.niche_id,
    adoptions.adopted_at,
    adoptions.previous_post_at,
    adoptions.prior_post_count,
    adoptions.prior_exposure_days,
    adoptions.ts_quality
from {{ ref("int_trend_adoptions") }} as adoptions
left join {{ source("derived", "niche_assignments") }} as assignments
    on
        adoptions.platform = assignments.platform
        and adoptions.account_key = assignments.account_key
        and assignments.month = (date_trunc('month', adoptions.adopted_at) - interval 1 month)::date
order by adoptions.trend_key, adoptions.account_key
