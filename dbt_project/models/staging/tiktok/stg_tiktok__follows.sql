{{ stage(source('tiktok', 'follows'), ["follow_key"]) }}
