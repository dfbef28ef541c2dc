-- Which sources came short on which days? Rates of these days are withheld; a gap is not a zero.
select
    platform,
    source,
    covered_on,
    got_count,
    expected_count,
    status
from {{ ref("coverage_days") }}
where status <> 'ok'
order by covered_on, platform, source
