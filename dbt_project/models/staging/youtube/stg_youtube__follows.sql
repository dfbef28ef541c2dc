-- depends_on: {{ ref('stg_youtube__deletions') }}
{{ config(post_hook="{{ apply_tombstones('youtube', 'follows') }}") }}
{{ stage_rows('youtube', 'follows', 'follow_key') }}
