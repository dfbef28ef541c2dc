{{ stage(source('bluesky', 'posts'), ["post_key"]) }}
