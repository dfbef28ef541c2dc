select platform, account_key, event_day, count(*) as post_count, count(*) filter (post_type in ('reply', 'comment')) as reply_count
from {{ ref('int_posts') }} where account_key is not null
group by all
