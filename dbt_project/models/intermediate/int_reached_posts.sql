-- depends_on: {{ ref('int_follower_snapshots') }}
{{ depends_on_all_platforms("deletions") }}
{{ depends_on_all_platforms("posts") }}
-- Posts that tonight's rows change beyond their own new statement: deleted, found again under another time, seen with another size of
-- their author, or no longer stated at all.
{%- set last_posts = as_last_night("int_posts") %}
{% if last_posts is none %}
select
    null::varchar as post_key,
    null::varchar as account_key,
    null::date as event_day
where false
{% else %}
with last_posts as (
    select
        post_key,
        account_key,
        event_day,
        published_at,
        followers_at_post_count,
        is_tier_imputed
    from {{ last_posts }}
),

last_posts_of_other_days as (
    select *
    from last_posts
    where event_day not in {{ touched_day_list() }}
),

new_deletions as (
    {{ all_platforms("deletions", of_touched_days=true) }}
),

deleted as (
    select last_posts.*
    from last_posts
    where post_key in (select subject_key from new_deletions where subject_type = 'post')
    union all
    select last_posts.*
    from last_posts
    where account_key in (select subject_key from new_deletions where subject_type = 'account')
),

new_posts as (
    {{ all_platforms("posts", of_touched_days=true) }}
),

found_again as (
    select *
    from last_posts_of_other_days
    where post_key in (select post_key from new_posts)
),

no_longer_stated as (
    select *
    from last_posts
    where
        event_day in {{ touched_day_list() }}
        and post_key not in (select post_key from new_posts)
),

-- The time during which a snapshot is the one that holds; the first one also stands in for all time before it.
snapshot_spans as (
    select
        account_key,
        event_day,
        observed_at as begins_at,
        followers_count,
        coalesce(lead(observed_at) over (partition by account_key order by observed_at), 'infinity'::timestamptz) as ends_at,
        row_number() over (partition by account_key order by observed_at) = 1 as is_first
    from {{ ref("int_follower_snapshots") }}
    where account_key in (select account_key from {{ ref("int_follower_snapshots") }} where event_day in {{ touched_day_list() }})
),

resized as (
    select last_posts.*
    from last_posts_of_other_days as last_posts
    inner join snapshot_spans as spans
        on
            last_posts.account_key = spans.account_key
            and last_posts.published_at < spans.ends_at
            and (last_posts.published_at >= spans.begins_at or spans.is_first)
    where
        spans.event_day in {{ touched_day_list() }}
        and (
            last_posts.followers_at_post_count is distinct from spans.followers_count
            or last_posts.is_tier_imputed is distinct from (last_posts.published_at < spans.begins_at)
        )
),

reached as (
    select * from deleted
    union all
    select * from found_again
    union all
    select * from no_longer_stated
    union all
    select * from resized
)

select distinct
    post_key,
    account_key,
    event_day
from reached
{{ with_carried_rows() }}
{% endif %}
