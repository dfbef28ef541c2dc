{{ config(materialized="view") }}

select
    platform,
    account_key,
    post_key,
    published_at,
    ts_quality,
    event_day,
    tier_at_post,
    is_tier_imputed,
    'hashtag' as unit_type,
    tag as unit
from {{ ref("int_tag_uses") }}
union all
select
    platform,
    account_key,
    post_key,
    published_at,
    ts_quality,
    event_day,
    tier_at_post,
    is_tier_imputed,
    unit_type,
    unit
from {{ ref("int_post_units") }}
