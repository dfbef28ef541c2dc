{{ stage(source('mastodon', 'posts'), ["post_key"]) }}
