-- Every publication of every actor: what posting rates and timelines are counted from.
select
    platform,
    account_key,
    post_key as publication_key,
    published_at
from {{ ref("int_posts") }}
where account_key is not null and post_type <> 'repost'
union all
select
    platform,
    outlet_key as account_key,
    item_key as publication_key,
    published_at
from {{ ref("stg_feeds__mainstream_items") }}
