with post_tags as (
    select
        platform,
        account_key,
        post_key,
        published_at,
        ts_quality,
        event_day,
        tier_at_post,
        is_tier_imputed,
        unnest(list_distinct(tags)) as tag
    from {{ ref("int_posts") }}
    where account_key is not null and tags is not null and post_type <> 'repost'
)

select
    post_tags.*,
    coalesce(accounts.actor_class, 'unknown') as actor_class
from post_tags
left join {{ ref("int_accounts") }} as accounts using (platform, account_key)
