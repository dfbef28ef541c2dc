-- depends_on: {{ ref('int_restated_posts') }}
-- depends_on: {{ ref('int_restated_phrase_users') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["post_key"], "listed_in": "int_restated_posts"}}
) }}

-- Only posts that are living. A phrase that any version of a post held was used.
with said as (
    select
        platform,
        post_key,
        phrase,
        min(searched_night) as searched_night
    from {{ ref("int_phrase_statements") }}
    {% if is_incremental() %}
    where post_key in (select post_key from {{ ref("int_restated_posts") }})
    {% endif %}
    group by all
)

select
    said.platform,
    said.post_key,
    posts.account_key,
    said.phrase,
    said.searched_night
from said
inner join {{ ref("int_posts") }} as posts on said.platform = posts.platform and said.post_key = posts.post_key
