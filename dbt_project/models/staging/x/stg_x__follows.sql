{{ stage(source('x', 'follows'), ["follow_key"]) }}
