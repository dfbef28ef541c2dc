{{ stage(source('activitypub', 'coverage'), ["source", "landed_night"]) }}
