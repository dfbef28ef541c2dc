-- depends_on: {{ ref('stg_mastodon__deletions') }}
{{ config(post_hook="{{ apply_tombstones('mastodon', 'accounts') }}") }}
{{ stage_rows('mastodon', 'accounts', 'account_key, observed_at') }}
