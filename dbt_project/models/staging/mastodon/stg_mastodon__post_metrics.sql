-- depends_on: {{ ref('stg_mastodon__deletions') }}
{{ config(post_hook="{{ apply_tombstones('mastodon', 'post_metrics') }}") }}
{{ stage_rows('mastodon', 'post_metrics', 'post_key, observed_at') }}
