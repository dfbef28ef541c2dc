-- Of all candidate trends, what share is taken up by media or brands within so many days, by where they began?
select
    origin_class,
    target_class,
    day,
    trend_count,
    cluster_count,
    excluded_count,
    at_risk_count,
    event_count,
    survival,
    survival_low,
    survival_high,
    cumulative_incidence,
    log_rank_p_value
from {{ ref("adoption_survival") }}
order by origin_class, target_class, day
