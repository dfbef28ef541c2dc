{{ stage(source('reddit', 'post_metrics'), ["post_key"], snapshot=true) }}
