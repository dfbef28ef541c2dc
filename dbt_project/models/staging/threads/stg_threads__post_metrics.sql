{{ stage(source('threads', 'post_metrics'), ["post_key"], snapshot=true) }}
