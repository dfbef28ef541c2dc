-- depends_on: {{ ref('int_cross_post_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_cross_post_months"}}
) }}
{%- set window = "interval " ~ var("cross_post_window_hours") ~ " hour" %}

with persons as (
    select
        creator_key,
        account_key
    from {{ ref("int_accounts") }}
    where link_evidence <> 'none' and actor_class not in ('brand', 'media', 'bot')
),

posts as (
    select
        persons.creator_key,
        posts.platform,
        posts.account_key,
        posts.post_key,
        posts.published_at,
        date_trunc('month', posts.event_day)::date as month,
        posts.link_keys,
        list_sort(list_distinct(posts.tags)) as tags,
        posts.text_char_count
    from {{ ref("int_posts") }} as posts
    inner join persons on posts.account_key = persons.account_key
    where
        posts.post_type in ('post', 'video', 'story')
        and posts.ts_quality = 'exact'
        {% if is_incremental() %}
        and date_trunc('month', posts.event_day)::date in (
            select month from {{ ref("int_cross_post_months") }}
            union
            select (month - interval 1 month)::date from {{ ref("int_cross_post_months") }}
        )
        {% endif %}
),

twins as (
    select
        copies.month,
        copies.platform,
        copies.creator_key,
        copies.account_key,
        copies.post_key,
        originals.post_key as original_post_key,
        originals.platform as original_platform,
        case
            when list_has_any(copies.link_keys, originals.link_keys) then 'same_link' else 'same_tags_and_length'
        end as evidence,
        (epoch_us(copies.published_at) - epoch_us(originals.published_at)) / 3600e6 as lag_hours
    from posts as copies
    inner join posts as originals
        on
            copies.creator_key = originals.creator_key
            and copies.platform <> originals.platform
            and copies.published_at > originals.published_at
            and copies.published_at <= originals.published_at + {{ window }}
    where
        list_has_any(copies.link_keys, originals.link_keys)
        or (
            len(copies.tags) >= {{ var("cross_post_smallest_tag_count") }}
            and copies.tags = originals.tags
            and copies.text_char_count = originals.text_char_count
        )
)

select *
from twins
{% if is_incremental() %}
where month in (select month from {{ ref("int_cross_post_months") }})
{% endif %}
-- A copy is of the nearest post before it.
qualify row_number() over (
    partition by post_key
    order by lag_hours, original_post_key
) = 1
