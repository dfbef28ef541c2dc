-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}},
    post_hook="{{ export_months(this, 'month', 'select month from ' ~ ref('int_touched_months')) }}"
) }}

with tags as (
    select
        date_trunc('month', event_day)::date as month,
        platform,
        account_key,
        tag
    from {{ ref("int_tag_uses") }}
),

posts as (
    select
        date_trunc('month', event_day)::date as month,
        platform,
        account_key,
        community,
        link_domains,
        sound_key,
        post_type <> 'repost' as is_own
    from {{ ref("int_posts") }}
    where account_key is not null
),

communities as (
    select
        month,
        platform,
        account_key,
        'community:' || community as tag
    from posts
    where community is not null
),

-- What a repost links to or plays was the choice of somebody else.
domains as (
    select
        month,
        platform,
        account_key,
        'domain:' || unnest(list_distinct(link_domains)) as tag
    from posts
    where is_own and link_domains is not null
),

sounds as (
    select
        month,
        platform,
        account_key,
        'sound:' || sound_key as tag
    from posts
    where is_own and sound_key is not null
),

uses as (
    select * from tags
    union all
    select * from communities
    union all
    select * from domains
    union all
    select * from sounds
)

select
    month,
    platform,
    account_key,
    tag,
    count(*) as post_count
from uses
{% if is_incremental() %}
where month in (select month from {{ ref("int_touched_months") }})
{% endif %}
group by all
