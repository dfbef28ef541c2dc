select
    measure,
    period,
    first_month,
    last_month,
    month_count,
    slope,
    slope_low,
    slope_high,
    direction,
    culture_direction,
    method_version,
    params_hash
from {{ source("derived", "culture_trends") }}
order by measure, period
