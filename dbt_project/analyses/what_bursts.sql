-- Which tags burst, how far above their base, and what would a textbook model have said?
select
    label,
    began_on,
    ended_on,
    peak_on,
    ratio_to_base,
    excess_author_day_count,
    q_value,
    naive_is_burst
from {{ ref("trend_bursts") }}
order by began_on desc, q_value asc, label asc
