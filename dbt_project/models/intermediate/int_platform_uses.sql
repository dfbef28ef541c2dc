{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

with tags as (
    select
        tag_rows.platform_a,
        tag_rows.platform_b,
        tag_rows.tag,
        pairs.common_begins_at,
        pairs.common_ends_at,
        pairs.is_daily
    from {{ ref("int_platform_tags") }} as tag_rows
    inner join {{ ref("int_platform_pairs") }} as pairs using (platform_a, platform_b)
    where pairs.common_begins_at is not null
),

tag_posts as (
    select
        platform,
        account_key,
        post_key,
        coalesce(collection_query, '') as collection_query,
        published_at,
        unnest(list_distinct(tags)) as tag
    from {{ ref("int_platform_posts") }}
    where tags is not null
),

first_uses as (
    select
        tags.platform_a,
        tags.platform_b,
        tags.tag,
        tag_posts.platform,
        tag_posts.account_key,
        tags.is_daily,
        min(tag_posts.published_at) as adopted_at,
        arg_min(tag_posts.collection_query, (tag_posts.published_at, tag_posts.post_key)) as collection_query
    from tag_posts
    inner join tags
        on
            tag_posts.tag = tags.tag
            and tag_posts.platform in (tags.platform_a, tags.platform_b)
            and tag_posts.published_at between tags.common_begins_at and tags.common_ends_at
    group by all
)

select
    pairs.platform_a,
    pairs.platform_b,
    pairs.tag,
    pairs.platform,
    pairs.account_key,
    nullif(pairs.collection_query, '') as collection_query,
    {{ comparable_time("pairs.adopted_at") }} as adopted_at,
    -- All are listed, for later posts of theirs are no chance any more; those up to the cap are compared.
    row_number() over (
        partition by pairs.platform_a, pairs.platform_b, pairs.tag, pairs.platform
        order by pairs.account_key
    ) <= {{ var("platform_adopter_cap") }} as is_compared
from first_uses as pairs
order by 1, 2, 3, 4, 5
