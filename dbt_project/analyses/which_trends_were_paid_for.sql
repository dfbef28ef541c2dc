-- Which trends that look as if a niche began them were seeded by a brand, and how many others are commercial all the same?
select
    label,
    adopter_count,
    commercial_share_first100,
    expected_commercial_share,
    commercial_share,
    astroturf_probability,
    is_astroturf
from {{ ref("commercial_trends") }}
where commercial_adopter_count > 0
order by astroturf_probability desc, label asc
limit 50
