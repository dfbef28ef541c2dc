{{ stage(source('youtube', 'posts'), ["post_key"]) }}
