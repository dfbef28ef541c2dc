{{ stage(source('instagram', 'follows'), ["follow_key"]) }}
