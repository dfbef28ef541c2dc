{{ stage(source('tiktok', 'accounts'), ["account_key"], snapshot=true) }}
