-- depends_on: {{ ref('stg_mastodon__deletions') }}
{{ config(post_hook="{{ apply_tombstones('mastodon', 'follows') }}") }}
{{ stage_rows('mastodon', 'follows', 'follow_key') }}
