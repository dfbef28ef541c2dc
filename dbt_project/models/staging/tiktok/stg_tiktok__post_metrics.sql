{{ stage(source('tiktok', 'post_metrics'), ["post_key"], snapshot=true) }}
