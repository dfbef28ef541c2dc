-- depends_on: {{ ref('int_reached_account_days') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaced_by_list": {"keys": ["account_key", "event_day"], "listed_in": "int_reached_account_days"}}
) }}

with posts as (
    select *
    from {{ ref("int_posts") }}
    where
        account_key is not null
        {% if is_incremental() %}
        and event_day in {{ touched_day_list() }}
    union all
    select *
    from {{ ref("int_posts") }}
    where
        (account_key, event_day) in (select (account_key, event_day) from {{ ref("int_reached_account_days") }})
        and event_day not in {{ touched_day_list() }}
        and account_key is not null
        {% endif %}
),

measured as (
    select
        posts.*,
        posts.post_type <> 'repost' as is_own,
        metrics.like_count is not null and posts.followers_at_post_count > 0 and posts.post_type <> 'repost' as is_rated,
        coalesce(metrics.like_count, 0) + coalesce(metrics.comment_count, 0) + coalesce(metrics.repost_count, 0)
        + coalesce(metrics.share_count, 0) + coalesce(metrics.save_count, 0) as engagement_count
    from posts
    left join {{ ref("int_post_metrics") }} as metrics on posts.post_key = metrics.post_key
)

select
    platform,
    account_key,
    event_day,
    count(*)::bigint as post_count,
    count(*) filter (where is_own)::bigint as own_post_count,
    min(published_at) as first_post_at,
    max(published_at) as last_post_at,
    max(published_at) filter (where is_own) as last_own_post_at,
    arg_min(tier_at_post, published_at) as tier_at_first_post,
    arg_max(tier_at_post, published_at) as tier_at_last_post,
    arg_max(tier_at_post, published_at) filter (where is_own) as tier_at_last_own_post,
    arg_max(followers_at_post_count, published_at) filter (where is_own) as followers_at_last_own_post_count,
    sum(engagement_count) filter (where is_rated)::bigint as engagement_count,
    sum(followers_at_post_count) filter (where is_rated)::bigint as engagement_follower_count
from measured
group by all
