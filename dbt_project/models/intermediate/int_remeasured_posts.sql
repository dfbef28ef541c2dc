-- Posts whose newest counters tonight's rows may change.
with new_metrics as (
    {{ all_platforms("post_metrics", of_touched_days=true) }}
)

select post_key from new_metrics
union
select post_key from {{ ref("int_posts") }}
where event_day in {{ touched_day_list() }}
union
select post_key from {{ ref("int_reached_posts") }}
{{ with_carried_rows() }}
