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
),

latest as (
    select * from snapshots
    qualify row_number() over (partition by account_key order by observed_at desc, landed_night desc, source_hash desc) = 1
),

declared as (
    select account_key, handle_key, unnest(declared_handle_keys) as declared_handle_key from latest
),

mutual as (
    select here.account_key, min(there.account_key) as linked_account_key
    from declared as here
    inner join declared as there
        on here.declared_handle_key = there.handle_key and there.declared_handle_key = here.handle_key
    group by here.account_key
)

select
    latest.platform, latest.account_key, latest.handle_key, latest.created_at, latest.followers_count,
    latest.following_count, latest.posts_count, latest.is_verified, coalesce(latest.actor_class, 'unknown') as actor_class,
    latest.status, latest.language, latest.country, latest.public_name, latest.observed_at,
    least(latest.account_key, coalesce(mutual.linked_account_key, latest.account_key)) as creator_key,
    case when mutual.account_key is null then 'single_account' else 'mutual_links' end as evidence_class
from latest
left join mutual on latest.account_key = mutual.account_key
