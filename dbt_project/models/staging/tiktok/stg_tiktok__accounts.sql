-- depends_on: {{ ref('stg_tiktok__deletions') }}
{{ config(post_hook="{{ apply_tombstones('tiktok', 'accounts') }}") }}
{{ stage_rows('tiktok', 'accounts', 'account_key, observed_at') }}
