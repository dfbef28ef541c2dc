{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

with tags as (
    select
        date_trunc('month', event_day)::date as month,
        platform,
        account_key,
        tag
    from {{ ref("int_tag_uses") }}
),

communities as (
    select
        date_trunc('month', event_day)::date as month,
        platform,
        account_key,
        'community:' || community as tag
    from {{ ref("int_posts") }}
    where account_key is not null and community is not null
),

uses as (
    select * from tags
    union all
    select * from communities
)

select
    month,
    platform,
    account_key,
    tag,
    count(*) as post_count
from uses
group by all
order by all
