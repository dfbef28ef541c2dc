-- depends_on: {{ ref('int_remeasured_posts') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["post_key"], "listed_in": "int_remeasured_posts"}}
) }}

with snapshots as (
    select * from ({{ all_platforms("post_metrics") }}) as snapshots_of_all_days
    {% if is_incremental() %}
    where post_key in (select post_key from {{ ref("int_remeasured_posts") }})
    {% endif %}
)

-- The newest counters of each living post; rates at equal age come with the tables that need them.
select
    snapshots.platform,
    snapshots.post_key,
    max(snapshots.observed_at) as observed_at,
    arg_max(view_count, snapshots.observed_at) filter (where view_count is not null) as view_count,
    arg_max(like_count, snapshots.observed_at) filter (where like_count is not null) as like_count,
    arg_max(comment_count, snapshots.observed_at) filter (where comment_count is not null) as comment_count,
    arg_max(repost_count, snapshots.observed_at) filter (where repost_count is not null) as repost_count,
    arg_max(share_count, snapshots.observed_at) filter (where share_count is not null) as share_count,
    arg_max(save_count, snapshots.observed_at) filter (where save_count is not null) as save_count
from snapshots
inner join {{ ref("int_posts") }} as posts
    on snapshots.post_key = posts.post_key
group by all
