{{ stage(source('youtube', 'follows'), ["follow_key"]) }}
