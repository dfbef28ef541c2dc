with naive_false_claims as (
    -- How often the naive number claims something where there is nothing: the worst of the simulated null worlds, measured with tiers.
    select max((lead_first_count + target_first_count) / seed_count) as naive_false_claim_ratio
    from {{ ref("calibration") }}
    where estimator = 'naive_origin_excess' and world_kind = 'null'
)

select
    odds.unit_type,
    odds.group_kind,
    odds.group_name,
    odds.period,
    odds.trend_count,
    odds.event_count,
    odds.adopter_count,
    odds.origin_pick_count,
    odds.odds_ratio,
    odds.odds_ratio_low,
    odds.odds_ratio_high,
    odds.p_value,
    odds.q_value,
    odds.naive_first_count,
    odds.naive_expected_count,
    odds.naive_excess_ratio,
    odds.naive_excess_low,
    odds.naive_excess_high,
    odds.naive_p_value,
    naive_false_claims.naive_false_claim_ratio,
    odds.claim,
    odds.abstain_reason,
    odds.method_version,
    odds.params_hash
from {{ source("derived", "origin_by_group") }} as odds
cross join naive_false_claims
order by odds.unit_type, odds.group_kind, odds.period, odds.group_name
