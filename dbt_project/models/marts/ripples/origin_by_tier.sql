with naive_false_claims as (
    -- How often the naive number claims something where there is nothing: the worst of the simulated null worlds.
    select max((lead_first_count + target_first_count) / seed_count) as naive_false_claim_ratio
    from {{ ref("calibration") }}
    where estimator = 'naive_origin_excess' and world_kind = 'null'
)

select
    unit_type,
    period,
    tier,
    trend_count,
    event_count,
    origin_set_count,
    odds_ratio,
    odds_ratio_low,
    odds_ratio_high,
    p_value,
    q_value,
    naive_first_count,
    naive_expected_count,
    naive_excess_ratio,
    naive_excess_low,
    naive_excess_high,
    naive_false_claim_ratio,
    abstain_reason,
    method_version,
    params_hash
from {{ source("derived", "origin_odds") }}
cross join naive_false_claims
order by unit_type, period, tier
