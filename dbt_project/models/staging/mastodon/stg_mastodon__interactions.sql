{{ stage(source('mastodon', 'interactions'), ["interaction_key"]) }}
