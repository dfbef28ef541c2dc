select *
from {{ ref("int_coverage_days") }}
order by platform, source, covered_on
