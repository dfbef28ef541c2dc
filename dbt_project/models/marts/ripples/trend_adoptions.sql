select
    adoptions.trend_key, adoptions.account_key, adoptions.platform, adoptions.actor_class, adoptions.tier,
    adoptions.is_tier_imputed, members.niche_id, adoptions.adopted_at, adoptions.previous_post_at, adoptions.ts_quality
from {{ ref('int_trend_adoptions') }} as adoptions
left join {{ derived_rows('niche_assignments') }} as members
    on adoptions.account_key = members.account_key and date_trunc('month', adoptions.adopted_at)::date = members.month
