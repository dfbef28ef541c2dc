-- depends_on: {{ ref('stg_bluesky__deletions') }}
{{ config(post_hook="{{ apply_tombstones('bluesky', 'interactions') }}") }}
{{ stage_rows('bluesky', 'interactions', 'interaction_key') }}
