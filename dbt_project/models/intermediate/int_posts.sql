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

snapshots as (
    select
        account_key,
        observed_at,
        followers_count
    from {{ ref("int_follower_snapshots") }}
    where account_key in (select account_key from living)
),

-- Tier as of the post (R7): the latest snapshot not after it, else the first one after it, marked as imputed.
with_followers_before as (
    select
        living.*,
        before_post.followers_count as followers_before_count
    from living
    asof left join snapshots as before_post
        on
            living.account_key = before_post.account_key
            and living.published_at >= before_post.observed_at
),

first_snapshots as (
    select
        account_key,
        arg_min(followers_count, observed_at) as followers_first_count
    from snapshots
    group by all
),

with_followers as (
    select
        with_followers_before.* exclude (followers_before_count),
        coalesce(followers_before_count, followers_first_count) as followers_at_post_count,
        case
            when followers_before_count is not null then false
            when followers_first_count is not null then true
        end as is_tier_imputed
    from with_followers_before
    left join first_snapshots using (account_key)
)

select
    with_followers.*,
    tier_scheme.tier as tier_at_post
from with_followers
left join {{ ref("tier_scheme") }} as tier_scheme
    on
        tier_scheme.scheme = 'essay'
        and with_followers.followers_at_post_count >= tier_scheme.min_followers_count
        and (tier_scheme.max_followers_count is null or with_followers.followers_at_post_count < tier_scheme.max_followers_count)
