-- depends_on: {{ ref('stg_instagram__deletions') }}
{{ config(post_hook="{{ apply_tombstones('instagram', 'interactions') }}") }}
{{ stage_rows('instagram', 'interactions', 'interaction_key') }}
