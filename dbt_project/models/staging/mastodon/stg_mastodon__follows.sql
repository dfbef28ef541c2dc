{{ stage(source('mastodon', 'follows'), ["follow_key"]) }}
