-- depends_on: {{ ref('stg_tiktok__deletions') }}
{{ config(post_hook="{{ apply_tombstones('tiktok', 'interactions') }}") }}
{{ stage_rows('tiktok', 'interactions', 'interaction_key') }}
