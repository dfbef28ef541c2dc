{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

with pairs as (
    select *
    from {{ ref("int_platform_pairs") }}
    where
        common_begins_at is not null
        and (platform_a, platform_b) in (
            select (platform_a, platform_b) from {{ ref("int_platform_tags") }}
        )
)

select
    pairs.platform_a,
    pairs.platform_b,
    posts.platform,
    posts.account_key,
    posts.collection_query,
    {{ comparable_time("posts.published_at") }} as published_at
from {{ ref("int_platform_posts") }} as posts
inner join pairs
    on
        posts.platform in (pairs.platform_a, pairs.platform_b)
        and posts.published_at between pairs.common_begins_at and pairs.common_ends_at
qualify row_number() over (
    partition by pairs.platform_a, pairs.platform_b, posts.platform
    order by posts.post_key
) <= {{ var("platform_pool_cap") }}
order by 1, 2, 3, 6, 4, 5
