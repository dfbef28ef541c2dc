-- depends_on: {{ ref('stg_reddit__deletions') }}
{{ config(post_hook="{{ apply_tombstones('reddit', 'post_metrics') }}") }}
{{ stage_rows('reddit', 'post_metrics', 'post_key, observed_at') }}
