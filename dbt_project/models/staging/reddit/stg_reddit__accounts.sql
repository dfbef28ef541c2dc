{{ stage(source('reddit', 'accounts'), ["account_key"], snapshot=true) }}
