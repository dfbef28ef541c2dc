{{ stage(source('activitypub', 'interactions'), ["interaction_key"]) }}
