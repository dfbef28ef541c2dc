{{ stage(source('bereal', 'posts'), ["post_key"]) }}
