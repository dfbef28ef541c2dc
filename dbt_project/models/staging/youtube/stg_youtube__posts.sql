-- depends_on: {{ ref('stg_youtube__deletions') }}
{{ config(post_hook="{{ apply_tombstones('youtube', 'posts') }}") }}
{{ stage_rows('youtube', 'posts', 'post_key') }}
