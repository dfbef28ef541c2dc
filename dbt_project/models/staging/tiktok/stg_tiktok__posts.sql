{{ stage(source('tiktok', 'posts'), ["post_key"]) }}
