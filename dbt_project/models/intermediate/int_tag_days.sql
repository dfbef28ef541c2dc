with tagged as (
    select platform, event_day, unnest(list_distinct(tags)) as tag from {{ ref('int_posts') }}
)

select platform, tag, event_day, count(*) as post_count
from tagged
group by all
