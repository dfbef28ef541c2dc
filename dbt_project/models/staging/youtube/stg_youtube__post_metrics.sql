-- depends_on: {{ ref('stg_youtube__deletions') }}
{{ config(post_hook="{{ apply_tombstones('youtube', 'post_metrics') }}") }}
{{ stage_rows('youtube', 'post_metrics', 'post_key, observed_at') }}
