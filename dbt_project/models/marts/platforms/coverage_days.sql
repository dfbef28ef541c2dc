select
    platform,
    source,
    covered_on,
    collection_method,
    got_count,
    quarantined_count,
    expected_count,
    coverage_ratio,
    status,
    reason
from {{ ref("int_coverage_days") }}
order by platform, source, covered_on
