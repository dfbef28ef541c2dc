-- depends_on: {{ ref('stg_tiktok__deletions') }}
{{ config(post_hook="{{ apply_tombstones('tiktok', 'posts') }}") }}
{{ stage_rows('tiktok', 'posts', 'post_key') }}
