-- depends_on: {{ ref('int_posts') }}
-- depends_on: {{ ref('int_reached_posts') }}
{{ depends_on_all_platforms("deletions") }}
{{ depends_on_all_platforms("interactions") }}
-- Interactions of other days that tonight's rows change: deleted, found again, or with another account behind the post they answer.
{%- set last_interactions = as_last_night("int_interactions") %}
{% if last_interactions is none %}
select
    null::varchar as interaction_key,
    null::date as event_day
where false
{% else %}
with last_interactions as (
    select
        interaction_key,
        event_day,
        post_key,
        source_account_key,
        target_account_key,
        stated_target_account_key,
        target_post_key
    from {{ last_interactions }}
    where event_day not in {{ touched_day_list() }}
),

new_deletions as (
    {{ all_platforms("deletions", of_touched_days=true) }}
),

deleted as (
    select last_interactions.*
    from last_interactions
    where interaction_key in (select subject_key from new_deletions)
    union all
    select last_interactions.*
    from last_interactions
    where post_key in (select subject_key from new_deletions)
    union all
    select last_interactions.*
    from last_interactions
    where source_account_key in (select subject_key from new_deletions)
),

new_interactions as (
    {{ all_platforms("interactions", of_touched_days=true) }}
),

found_again as (
    select last_interactions.*
    from last_interactions
    where interaction_key in (select interaction_key from new_interactions)
),

changed_posts as (
    select post_key from {{ ref("int_posts") }}
    where event_day in {{ touched_day_list() }}
    union
    select post_key from {{ ref("int_reached_posts") }}
),

retargeted as (
    select last_interactions.*
    from last_interactions
    inner join changed_posts on last_interactions.target_post_key = changed_posts.post_key
    left join {{ ref("int_posts") }} as target_posts on last_interactions.target_post_key = target_posts.post_key
    where
        last_interactions.stated_target_account_key is null
        and last_interactions.target_account_key is distinct from target_posts.account_key
),

reached as (
    select * from deleted
    union all
    select * from found_again
    union all
    select * from retargeted
)

select distinct
    interaction_key,
    event_day
from reached
{{ with_carried_rows() }}
{% endif %}
