{{ stage(source('reddit', 'posts'), ["post_key"]) }}
