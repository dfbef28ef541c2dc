{{ stage(source('youtube', 'accounts'), ["account_key"], snapshot=true) }}
