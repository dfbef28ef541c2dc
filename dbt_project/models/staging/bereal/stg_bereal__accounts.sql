{{ stage(source('bereal', 'accounts'), ["account_key"], snapshot=true) }}
