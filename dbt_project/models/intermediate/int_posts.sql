-- depends_on: {{ ref('int_reached_posts') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaced_by_list": {"keys": ["post_key"], "listed_in": "int_reached_posts"}}
) }}

with posts as (
    {{ all_platforms("posts", of_touched_days=is_incremental()) }}
    {% if is_incremental() %}
    union all by name
    select * from ({{ all_platforms("posts") }}) as posts_of_all_days
    where
        post_key in (select post_key from {{ ref("int_reached_posts") }})
        and event_day not in {{ touched_day_list() }}
    {% endif %}
),

-- One post can be found on two event days only if its own time was edited; the later statement holds.
living as (
    select posts.*
    from posts
    left join {{ ref("int_deletions") }} as deleted_posts
        on deleted_posts.subject_type = 'post' and posts.post_key = deleted_posts.subject_key
    left join {{ ref("int_deletions") }} as deleted_accounts
        on deleted_accounts.subject_type = 'account' and posts.account_key = deleted_accounts.subject_key
    where deleted_posts.subject_key is null and deleted_accounts.subject_key is null
    qualify row_number() over (
        partition by posts.post_key
        order by posts.observed_at desc, posts.landed_night desc, posts.event_day desc
    ) = 1
),

-- Tier as of the post (R7).
{{ sizes_as_of("living", "published_at") }}

select
    sized_living.* exclude (size_count, is_size_imputed),
    sized_living.size_count as followers_at_post_count,
    sized_living.is_size_imputed as is_tier_imputed,
    tier_scheme.tier as tier_at_post
from sized_living
{{ join_tier("sized_living.size_count") }}
