{{ stage(source('instagram', 'coverage'), ["source", "landed_night"]) }}
