{{ stage(source('bluesky', 'post_metrics'), ["post_key"], snapshot=true) }}
