{{ stage(source('tumblr', 'accounts'), ["account_key"], snapshot=true) }}
