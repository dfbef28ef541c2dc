with deletions as (
    {{ all_platforms("deletions") }}
)

select
    platform,
    subject_type,
    subject_key,
    min(deleted_at) as deleted_at
from deletions
group by all
