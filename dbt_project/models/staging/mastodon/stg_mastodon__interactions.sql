-- depends_on: {{ ref('stg_mastodon__deletions') }}
{{ config(post_hook="{{ apply_tombstones('mastodon', 'interactions') }}") }}
{{ stage_rows('mastodon', 'interactions', 'interaction_key') }}
