-- depends_on: {{ ref('stg_bluesky__deletions') }}
{{ config(post_hook="{{ apply_tombstones('bluesky', 'accounts') }}") }}
{{ stage_rows('bluesky', 'accounts', 'account_key, observed_at') }}
