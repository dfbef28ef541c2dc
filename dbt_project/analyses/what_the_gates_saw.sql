-- What did the gates see on each night, and what did they refuse?
select
    night,
    gate,
    count(*) as check_count,
    count(*) filter (where not passed) as failed_count,
    string_agg(table_name || ': ' || check_name, '; ' order by table_name, check_name) filter (where not passed) as failed_checks
from gate_results
group by 1, 2
order by 1 desc, 2 asc
