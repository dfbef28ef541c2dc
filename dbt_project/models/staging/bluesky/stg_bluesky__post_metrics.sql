-- depends_on: {{ ref('stg_bluesky__deletions') }}
{{ config(post_hook="{{ apply_tombstones('bluesky', 'post_metrics') }}") }}
{{ stage_rows('bluesky', 'post_metrics', 'post_key, observed_at') }}
