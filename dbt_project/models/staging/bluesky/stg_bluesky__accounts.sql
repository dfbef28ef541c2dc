{{ stage(source('bluesky', 'accounts'), ["account_key"], snapshot=true) }}
