-- Days of an account that tonight's rows change though the day was not touched.
with changed_posts as (
    select
        account_key,
        event_day
    from {{ ref("int_reached_posts") }}
    union
    select
        account_key,
        event_day
    from {{ ref("int_posts") }}
    where
        post_key in (select post_key from {{ ref("int_remeasured_posts") }})
        and event_day not in {{ touched_day_list() }}
)

select
    account_key,
    event_day
from changed_posts
where account_key is not null
{{ with_carried_rows() }}
