{{ stage(source('bluesky', 'follows'), ["follow_key"]) }}
