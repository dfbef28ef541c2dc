select platform, event_day, count(*) as post_count, count(distinct account_key) as account_count
from {{ ref('int_posts') }}
group by all
