{{ stage(source('tumblr', 'interactions'), ["interaction_key"]) }}
