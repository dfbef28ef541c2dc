-- depends_on: {{ ref('int_reached_account_days') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaced_by_list": {"keys": ["event_day"], "listed_in": "int_reached_account_days"}},
    post_hook="{{ export_parquet(this, 'exchange') }}"
) }}

-- What a tag's users are held against: accounts with a post of their own, since a repost has no tags of its own.
select
    platform,
    event_day,
    count(*)::bigint as author_count
from {{ ref("int_account_days") }}
where
    own_post_count > 0
    {% if is_incremental() %}
    and (
        event_day in {{ touched_day_list() }}
        or event_day in (select event_day from {{ ref("int_reached_account_days") }})
    )
    {% endif %}
group by all
