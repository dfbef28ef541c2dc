{{ stage(source('tumblr', 'post_metrics'), ["post_key"], snapshot=true) }}
