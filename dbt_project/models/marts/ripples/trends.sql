select
    trend_key, label, born_at, window_ends_at, adopter_count, is_left_censored, largest_day_share,
    case when is_left_censored then 'left_censored' end as abstain_reason
from {{ ref('int_trend_candidates') }}
