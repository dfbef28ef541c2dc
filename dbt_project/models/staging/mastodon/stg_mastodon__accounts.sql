{{ stage(source('mastodon', 'accounts'), ["account_key"], snapshot=true) }}
