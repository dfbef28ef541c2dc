-- depends_on: {{ ref('stg_youtube__deletions') }}
{{ config(post_hook="{{ apply_tombstones('youtube', 'accounts') }}") }}
{{ stage_rows('youtube', 'accounts', 'account_key, observed_at') }}
