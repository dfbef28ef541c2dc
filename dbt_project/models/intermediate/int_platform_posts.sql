-- The only one of these models that reads the history; all others read these posts of a panel of accounts that does not grow with it.
with own_posts as (
    select
        platform,
        account_key,
        post_key,
        collection_query,
        published_at,
        tags,
        ts_quality
    from {{ ref("int_posts") }}
    where
        account_key is not null
        and post_type not in ('repost', 'comment', 'reply')
        and ts_quality in ('exact', 'date_only')
),

accounts as (
    select distinct
        platform,
        account_key
    from own_posts
),

-- A key is itself a keyed hash: its order is a random one that does not change.
panel as (
    select
        platform,
        account_key
    from accounts
    qualify row_number() over (partition by platform order by account_key) <= {{ var("platform_account_cap") }}
)

select own_posts.*
from own_posts
inner join panel using (platform, account_key)
