-- depends_on: {{ ref('stg_youtube__deletions') }}
{{ config(post_hook="{{ apply_tombstones('youtube', 'interactions') }}") }}
{{ stage_rows('youtube', 'interactions', 'interaction_key') }}
