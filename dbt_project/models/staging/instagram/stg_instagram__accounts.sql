-- depends_on: {{ ref('stg_instagram__deletions') }}
{{ config(post_hook="{{ apply_tombstones('instagram', 'accounts') }}") }}
{{ stage_rows('instagram', 'accounts', 'account_key, observed_at') }}
