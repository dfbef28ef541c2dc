-- depends_on: {{ ref('int_text_statements') }}
-- Posts whose signals tonight's rows may change: told anew, told no longer, or another post than it was.
{%- set last_signals = as_last_night("int_post_text_signals") %}
with restated as (
    select
        statements.post_key
    from {{ ref("int_text_statements") }} as statements
    inner join {{ ref("int_restated_nights") }} as nights using (platform, landed_night)
    {% if last_signals is not none %}
    union
    select last_signals.post_key
    from {{ last_signals }} as last_signals
    inner join {{ ref("int_restated_nights") }} as nights using (platform, landed_night)
    {% endif %}
)

select post_key from restated
union
select post_key from {{ ref("int_posts") }}
where event_day in {{ touched_day_list() }}
union
select post_key from {{ ref("int_reached_posts") }}
{{ with_carried_rows() }}
