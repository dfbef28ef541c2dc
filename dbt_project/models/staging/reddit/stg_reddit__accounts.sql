-- depends_on: {{ ref('stg_reddit__deletions') }}
{{ config(post_hook="{{ apply_tombstones('reddit', 'accounts') }}") }}
{{ stage_rows('reddit', 'accounts', 'account_key, observed_at') }}
