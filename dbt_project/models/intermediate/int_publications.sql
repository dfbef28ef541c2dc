{{ config(materialized="view") }}

-- Every publication of every actor: what posting rates and timelines are counted from.
select
    platform,
    account_key,
    post_key as publication_key,
    published_at,
    event_day
from {{ ref("int_posts") }}
where account_key is not null and post_type <> 'repost'
union all
select
    platform,
    outlet_key as account_key,
    item_key as publication_key,
    published_at,
    event_day
from {{ ref("int_mainstream_items") }}
