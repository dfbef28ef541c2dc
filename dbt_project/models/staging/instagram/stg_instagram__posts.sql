{{ stage(source('instagram', 'posts'), ["post_key"]) }}
