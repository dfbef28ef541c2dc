{{ stage(source('activitypub', 'posts'), ["post_key"]) }}
