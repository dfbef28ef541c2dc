with interactions as (
select * from {{ ref('stg_reddit__interactions') }}
union all by name
select * from {{ ref('stg_bluesky__interactions') }}
union all by name
select * from {{ ref('stg_mastodon__interactions') }}
union all by name
select * from {{ ref('stg_youtube__interactions') }}
union all by name
select * from {{ ref('stg_tiktok__interactions') }}
union all by name
select * from {{ ref('stg_instagram__interactions') }}
),

once as (
    select * from interactions
    qualify row_number() over (partition by interaction_key order by observed_at desc, landed_night desc, source_hash desc) = 1
)

select
    once.platform, once.interaction_key, once.interaction_type, once.source_account_key,
    coalesce(once.target_account_key, target_post.account_key) as target_account_key,
    once.post_key, once.target_post_key, once.interacted_at, once.event_day
from once
left join {{ ref('int_posts') }} as target_post on once.target_post_key = target_post.post_key
