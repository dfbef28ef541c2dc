-- depends_on: {{ ref('stg_instagram__deletions') }}
{{ config(post_hook="{{ apply_tombstones('instagram', 'follows') }}") }}
{{ stage_rows('instagram', 'follows', 'follow_key') }}
