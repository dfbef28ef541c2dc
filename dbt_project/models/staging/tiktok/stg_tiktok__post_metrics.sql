-- depends_on: {{ ref('stg_tiktok__deletions') }}
{{ config(post_hook="{{ apply_tombstones('tiktok', 'post_metrics') }}") }}
{{ stage_rows('tiktok', 'post_metrics', 'post_key, observed_at') }}
