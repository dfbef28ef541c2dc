{{ stage(source('x', 'accounts'), ["account_key"], snapshot=true) }}
