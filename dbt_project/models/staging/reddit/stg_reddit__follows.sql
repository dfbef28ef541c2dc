-- depends_on: {{ ref('stg_reddit__deletions') }}
{{ config(post_hook="{{ apply_tombstones('reddit', 'follows') }}") }}
{{ stage_rows('reddit', 'follows', 'follow_key') }}
