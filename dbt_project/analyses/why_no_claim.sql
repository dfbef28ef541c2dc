-- Of how many trends is nothing claimed, and why?
select
    coalesce(abstain_reason, 'a claim is possible') as reason,
    count(*) as trend_count,
    max(adopter_count) as largest_adopter_count
from {{ ref("trends") }}
group by 1
order by 2 desc, 1 asc
