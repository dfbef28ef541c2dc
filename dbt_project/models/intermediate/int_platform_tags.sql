{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

with tag_posts as (
    select
        platform,
        account_key,
        published_at,
        unnest(list_distinct(tags)) as tag
    from {{ ref("int_platform_posts") }}
    where tags is not null
),

-- A tag that is too rare over all platforms is too rare for every pair: it is not looked at pair by pair.
platform_counts as (
    select
        tag,
        platform,
        count(distinct account_key) as adopter_count
    from tag_posts
    group by all
),

frequent_tags as (
    select tag
    from platform_counts
    group by all
    having count(*) >= 2 and sum(adopter_count) >= {{ var("smallest_adopter_count") }}
),

-- Where two platforms have no common time the tag still gets a row, which says so.
adopters as (
    select distinct
        pairs.platform_a,
        pairs.platform_b,
        tag_posts.tag,
        tag_posts.platform,
        tag_posts.account_key
    from tag_posts
    inner join frequent_tags using (tag)
    inner join {{ ref("int_platform_pairs") }} as pairs
        on
            tag_posts.platform in (pairs.platform_a, pairs.platform_b)
            and tag_posts.published_at >= coalesce(pairs.common_begins_at, tag_posts.published_at)
            and tag_posts.published_at <= coalesce(pairs.common_ends_at, tag_posts.published_at)
),

counted as (
    select
        platform_a,
        platform_b,
        tag,
        count(*) filter (where platform = platform_a) as adopter_count_a,
        count(*) filter (where platform = platform_b) as adopter_count_b
    from adopters
    group by all
),

enough as (
    select
        *,
        count(*) over (partition by platform_a, platform_b) as tag_count
    from counted
    where
        adopter_count_a + adopter_count_b >= {{ var("smallest_adopter_count") }}
        and least(adopter_count_a, adopter_count_b) > 0
)

select
    platform_a,
    platform_b,
    tag,
    adopter_count_a,
    adopter_count_b,
    tag_count
from enough
qualify row_number() over (
    partition by platform_a, platform_b
    order by least(adopter_count_a, adopter_count_b) desc, adopter_count_a + adopter_count_b desc, tag
) <= {{ var("platform_tag_cap") }}
order by platform_a, platform_b, tag
