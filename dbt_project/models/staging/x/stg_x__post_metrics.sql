{{ stage(source('x', 'post_metrics'), ["post_key"], snapshot=true) }}
