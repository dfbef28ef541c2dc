{{ stage(source('activitypub', 'follows'), ["follow_key"]) }}
