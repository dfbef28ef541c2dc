{# One landed table, conformed: the latest statement of each key within its event day, or of those that ``prefers`` is true of, where there are
   any. Snapshots keep every distinct one. #}
{% macro stage(relation, keys, snapshot=false, prefers=none) %}
with landed as (
    select
        * exclude (day, source_hash, source_format),
        day as event_day
    from {{ lake_rows(relation) }}
    {% if is_incremental() %}
    where day in {{ touched_day_list() }}
    {% endif %}
),

latest as (
    select *
    from landed
    qualify row_number() over (
        partition by event_day, {{ keys | join(", ") }}{{ ", observed_at" if snapshot }}
        order by {{ prefers ~ " desc, " if prefers }}{{ "landed_night desc" if snapshot else "observed_at desc, landed_night desc" }}, hash(landed) desc
    ) = 1
)

select * from latest
{% endmacro %}
