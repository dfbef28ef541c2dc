{{ stage(source('instagram', 'post_metrics'), ["post_key"], snapshot=true) }}
