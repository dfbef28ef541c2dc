{{ stage(source('tumblr', 'posts'), ["post_key"]) }}
