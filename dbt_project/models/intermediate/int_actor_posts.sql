select
    posts.platform, posts.account_key, coalesce(accounts.actor_class, 'unknown') as actor_class,
    posts.tier_at_post as tier, posts.is_tier_imputed, posts.published_at, posts.tags, posts.ts_quality
from {{ ref('int_posts') }} as posts
left join {{ ref('int_accounts') }} as accounts on posts.account_key = accounts.account_key
where posts.account_key is not null
union all
select
    platform, outlet_key, outlet_class, null, null, published_at,
    list_distinct(list_concat(coalesce(tags, []), coalesce(title_terms, []))), ts_quality
from {{ ref('stg_feeds__mainstream_items') }}
