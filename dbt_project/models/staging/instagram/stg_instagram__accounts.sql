{{ stage(source('instagram', 'accounts'), ["account_key"], snapshot=true) }}
