{{ stage(source('threads', 'accounts'), ["account_key"], snapshot=true) }}
