-- depends_on: {{ ref('stg_bluesky__deletions') }}
{{ config(post_hook="{{ apply_tombstones('bluesky', 'posts') }}") }}
{{ stage_rows('bluesky', 'posts', 'post_key') }}
