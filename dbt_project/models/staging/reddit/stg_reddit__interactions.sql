-- depends_on: {{ ref('stg_reddit__deletions') }}
{{ config(post_hook="{{ apply_tombstones('reddit', 'interactions') }}") }}
{{ stage_rows('reddit', 'interactions', 'interaction_key') }}
