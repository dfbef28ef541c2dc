-- depends_on: {{ ref('stg_reddit__deletions') }}
{{ config(post_hook="{{ apply_tombstones('reddit', 'posts') }}") }}
{{ stage_rows('reddit', 'posts', 'post_key') }}
