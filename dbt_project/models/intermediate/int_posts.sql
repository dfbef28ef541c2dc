with posts as (
select * from {{ ref('stg_reddit__posts') }}
union all by name
select * from {{ ref('stg_bluesky__posts') }}
union all by name
select * from {{ ref('stg_mastodon__posts') }}
union all by name
select * from {{ ref('stg_youtube__posts') }}
union all by name
select * from {{ ref('stg_tiktok__posts') }}
union all by name
select * from {{ ref('stg_instagram__posts') }}
),

once as (
    select * from posts
    qualify row_number() over (partition by post_key order by observed_at desc, landed_night desc, source_hash desc) = 1
),

with_followers as (
    select
        once.*, before.followers_count as followers_before, after.followers_count as followers_after
    from once
    asof left join {{ ref('int_follower_snapshots') }} as before
        on once.account_key = before.account_key and once.published_at >= before.observed_at
    asof left join {{ ref('int_follower_snapshots') }} as after
        on once.account_key = after.account_key and once.published_at <= after.observed_at
)

select
    with_followers.platform, with_followers.post_key, with_followers.account_key, with_followers.post_type,
    with_followers.published_at, with_followers.language, with_followers.community, with_followers.parent_post_key,
    with_followers.root_post_key, coalesce(with_followers.tags, []) as tags, with_followers.has_paid_label,
    with_followers.ts_quality, with_followers.event_day,
    coalesce(with_followers.followers_before, with_followers.followers_after) as followers_at_post,
    tier_scheme.tier as tier_at_post,
    case when tier_scheme.tier is not null then with_followers.followers_before is null end as is_tier_imputed
from with_followers
left join {{ ref('tier_scheme') }} as tier_scheme
    on coalesce(with_followers.followers_before, with_followers.followers_after) >= tier_scheme.followers_from
    and (
        tier_scheme.followers_below is null
        or coalesce(with_followers.followers_before, with_followers.followers_after) < tier_scheme.followers_below
    )
