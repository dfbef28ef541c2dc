-- depends_on: {{ ref('int_text_statements') }}
-- depends_on: {{ ref('int_phrase_statements') }}
-- depends_on: {{ ref('int_searched_nights') }}
-- Posts whose signals tonight's rows may change: told anew, told no longer, or another post than it was.
{%- set last_signals = as_last_night("int_post_text_signals") %}
{%- set last_phrases = as_last_night("int_post_phrases") %}
with restated as (
    select post_key
    from {{ ref("int_text_statements") }}
    where (platform, landed_night) in (select (platform, landed_night) from {{ ref("int_restated_nights") }})
    {% if last_signals is not none %}
    union
    select post_key
    from {{ last_signals }}
    where (platform, landed_night) in (select (platform, landed_night) from {{ ref("int_restated_nights") }})
    {% endif %}
    -- A phrase that is listed tonight is found in posts of earlier nights.
    union
    select post_key
    from {{ ref("int_phrase_statements") }}
    where (platform, searched_night) in (select (platform, searched_night) from {{ ref("int_searched_nights") }})
    {% if last_phrases is not none %}
    union
    select post_key
    from {{ last_phrases }}
    where (platform, searched_night) in (select (platform, searched_night) from {{ ref("int_searched_nights") }})
    {% endif %}
)

select post_key from restated
union
select post_key from {{ ref("int_posts") }}
where event_day in {{ touched_day_list() }}
union
select post_key from {{ ref("int_reached_posts") }}
{{ with_carried_rows() }}
