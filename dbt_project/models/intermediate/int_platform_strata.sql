{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

with posts as (
    {{ platform_posts() }}
),

pairs as (
    select *
    from {{ ref("int_platform_pairs") }}
    where
        common_begins_at is not null
        and (platform_a, platform_b) in (
            select (platform_a, platform_b) from {{ ref("int_platform_tags") }}
        )
)

-- A key is itself a keyed hash: its order is a random one that does not change.
select
    pairs.platform_a,
    pairs.platform_b,
    posts.platform,
    posts.account_key,
    posts.collection_query,
    {{ comparable_time("posts.published_at") }} as published_at
from posts
inner join pairs
    on
        posts.platform in (pairs.platform_a, pairs.platform_b)
        and posts.published_at between pairs.common_begins_at and pairs.common_ends_at
qualify row_number() over (
    partition by pairs.platform_a, pairs.platform_b, posts.platform, posts.collection_query
    order by posts.post_key
) <= {{ var("platform_pool_cap") }}
order by 1, 2, 3, 6, 4, 5
