-- depends_on: {{ ref('stg_instagram__deletions') }}
{{ config(post_hook="{{ apply_tombstones('instagram', 'posts') }}") }}
{{ stage_rows('instagram', 'posts', 'post_key') }}
