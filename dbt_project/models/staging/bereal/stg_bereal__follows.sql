{{ stage(source('bereal', 'follows'), ["follow_key"]) }}
