{{ stage(source('mastodon', 'coverage'), ["source", "landed_night"]) }}
