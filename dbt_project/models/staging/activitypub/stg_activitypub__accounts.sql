{{ stage(source('activitypub', 'accounts'), ["account_key"], snapshot=true) }}
