{{ stage(source('x', 'posts'), ["post_key"]) }}
