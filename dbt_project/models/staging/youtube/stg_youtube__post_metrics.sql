{{ stage(source('youtube', 'post_metrics'), ["post_key"], snapshot=true) }}
