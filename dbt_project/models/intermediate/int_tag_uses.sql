-- depends_on: {{ ref('int_reached_posts') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaced_by_list": {"keys": ["post_key"], "listed_in": "int_reached_posts"}}
) }}

select
    platform,
    account_key,
    post_key,
    published_at,
    ts_quality,
    event_day,
    tier_at_post,
    is_tier_imputed,
    unnest(list_distinct(tags)) as tag
from {{ ref("int_posts") }}
where
    account_key is not null
    and tags is not null
    and post_type <> 'repost'
    {% if is_incremental() %}
    and (
        event_day in {{ touched_day_list() }}
        or post_key in (select post_key from {{ ref("int_reached_posts") }})
    )
    {% endif %}
