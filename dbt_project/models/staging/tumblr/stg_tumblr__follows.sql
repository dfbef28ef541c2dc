{{ stage(source('tumblr', 'follows'), ["follow_key"]) }}
