with snapshots as (
select * from {{ ref('stg_reddit__accounts') }}
union all by name
select * from {{ ref('stg_bluesky__accounts') }}
union all by name
select * from {{ ref('stg_mastodon__accounts') }}
union all by name
select * from {{ ref('stg_youtube__accounts') }}
union all by name
select * from {{ ref('stg_tiktok__accounts') }}
union all by name
select * from {{ ref('stg_instagram__accounts') }}
)

select snapshots.platform, snapshots.account_key, snapshots.observed_at, max(snapshots.followers_count) as followers_count
from snapshots
where snapshots.followers_count is not null
group by snapshots.platform, snapshots.account_key, snapshots.observed_at
