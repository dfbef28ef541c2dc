select
    period,
    tier,
    trend_count,
    origin_set_count,
    odds_ratio,
    odds_ratio_low,
    odds_ratio_high,
    p_value,
    q_value,
    naive_first_count,
    naive_expected_count,
    naive_excess_ratio,
    abstain_reason,
    method_version,
    params_hash
from {{ source("derived", "origin_odds") }}
order by period, tier
