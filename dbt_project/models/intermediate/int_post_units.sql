-- depends_on: {{ ref('int_restated_posts') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaced_by_list": {"keys": ["post_key"], "listed_in": "int_restated_posts"}}
) }}

-- What a repost links to or plays was the choice of somebody else.
with own_posts as (
    select *
    from {{ ref("int_posts") }}
    where
        account_key is not null
        and post_type <> 'repost'
        {% if is_incremental() %}
        and (
            event_day in {{ touched_day_list() }}
            or post_key in (select post_key from {{ ref("int_restated_posts") }})
        )
        {% endif %}
),

domains as (
    select
        post_key,
        'domain' as unit_type,
        unnest(list_distinct(link_domains)) as unit,
        null::varchar as link_domain
    from own_posts
    where link_domains is not null
),

links as (
    select
        post_key,
        'link' as unit_type,
        unnest(list_distinct(link_keys)) as unit,
        -- Of several links nobody knows which domain is whose.
        case when len(link_keys) = 1 and len(link_domains) = 1 then link_domains[1] end as link_domain
    from own_posts
    where link_keys is not null
),

sounds as (
    select
        post_key,
        'sound' as unit_type,
        sound_key as unit,
        null::varchar as link_domain
    from own_posts
    where sound_key is not null
),

-- Brands of the seed of outlets that the text names, by their ids.
brands as (
    select
        signals.post_key,
        'brand' as unit_type,
        unnest(list_distinct(signals.brands)) as unit,
        null::varchar as link_domain
    from {{ ref("int_post_text_signals") }} as signals
    inner join own_posts on signals.post_key = own_posts.post_key
),

-- Phrases of the kept list that the text holds.
phrases as (
    select
        said.post_key,
        'phrase' as unit_type,
        said.phrase as unit,
        null::varchar as link_domain
    from {{ ref("int_post_phrases") }} as said
    inner join own_posts on said.post_key = own_posts.post_key
),

units as (
    select * from domains
    union all
    select * from links
    union all
    select * from sounds
    union all
    select * from brands
    union all
    select * from phrases
)

select
    own_posts.platform,
    own_posts.account_key,
    own_posts.post_key,
    own_posts.published_at,
    own_posts.ts_quality,
    own_posts.event_day,
    own_posts.tier_at_post,
    own_posts.is_tier_imputed,
    units.unit_type,
    units.unit,
    units.link_domain
from units
inner join own_posts on units.post_key = own_posts.post_key
