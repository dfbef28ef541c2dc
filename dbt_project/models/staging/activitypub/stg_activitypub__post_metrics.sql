{{ stage(source('activitypub', 'post_metrics'), ["post_key"], snapshot=true) }}
