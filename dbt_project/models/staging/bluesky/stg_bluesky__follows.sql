-- depends_on: {{ ref('stg_bluesky__deletions') }}
{{ config(post_hook="{{ apply_tombstones('bluesky', 'follows') }}") }}
{{ stage_rows('bluesky', 'follows', 'follow_key') }}
