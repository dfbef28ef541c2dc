-- depends_on: {{ ref('stg_tiktok__deletions') }}
{{ config(post_hook="{{ apply_tombstones('tiktok', 'follows') }}") }}
{{ stage_rows('tiktok', 'follows', 'follow_key') }}
