-- depends_on: {{ ref('stg_mastodon__deletions') }}
{{ config(post_hook="{{ apply_tombstones('mastodon', 'posts') }}") }}
{{ stage_rows('mastodon', 'posts', 'post_key') }}
