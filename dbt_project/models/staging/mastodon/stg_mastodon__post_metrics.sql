{{ stage(source('mastodon', 'post_metrics'), ["post_key"], snapshot=true) }}
