{{ stage(source('threads', 'posts'), ["post_key"]) }}
