{{ stage(source('bereal', 'post_metrics'), ["post_key"], snapshot=true) }}
