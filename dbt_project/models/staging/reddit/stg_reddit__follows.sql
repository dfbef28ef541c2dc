{{ stage(source('reddit', 'follows'), ["follow_key"]) }}
