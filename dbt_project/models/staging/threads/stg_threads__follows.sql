{{ stage(source('threads', 'follows'), ["follow_key"]) }}
