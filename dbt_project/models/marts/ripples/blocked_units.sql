select
    trend_key,
    unit_type,
    label,
    blocked_reason,
    adopter_count,
    born_at
from {{ ref("int_trend_windows") }}
where blocked_reason is not null
order by unit_type, label
