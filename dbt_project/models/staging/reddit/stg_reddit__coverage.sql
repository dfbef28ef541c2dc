{{ stage(source('reddit', 'coverage'), ["source", "landed_night"]) }}
