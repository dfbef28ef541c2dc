-- Who originates, at equal posting rate, with the naive number beside it? An odds ratio of 1 is the null.
select
    unit_type,
    tier,
    trend_count,
    event_count,
    odds_ratio,
    odds_ratio_low,
    odds_ratio_high,
    q_value,
    naive_excess_ratio,
    abstain_reason
from {{ ref("origin_by_tier") }}
where period = 'all'
order by unit_type, tier
