-- depends_on: {{ ref('stg_instagram__deletions') }}
{{ config(post_hook="{{ apply_tombstones('instagram', 'post_metrics') }}") }}
{{ stage_rows('instagram', 'post_metrics', 'post_key, observed_at') }}
