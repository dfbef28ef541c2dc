select
    parents.trend_key,
    parents.account_key,
    parents.parent_account_key,
    adoptions.platform,
    parent_adoptions.platform as parent_platform,
    adoptions.tier,
    parent_adoptions.tier as parent_tier,
    adoptions.adopted_at,
    parent_adoptions.adopted_at as parent_adopted_at,
    parents.evidence,
    parents.is_explicit,
    parents.lag_hours,
    parents.weight,
    parents.is_strongest,
    parents.method_version,
    parents.params_hash
from {{ source("derived", "trend_parents") }} as parents
inner join {{ ref("int_trend_adoptions") }} as adoptions
    on parents.trend_key = adoptions.trend_key and parents.account_key = adoptions.account_key
inner join {{ ref("int_trend_adoptions") }} as parent_adoptions
    on parents.trend_key = parent_adoptions.trend_key and parents.parent_account_key = parent_adoptions.account_key
order by parents.trend_key, parents.account_key, parents.parent_account_key
