{{ stage(source('wikipedia', 'coverage'), ["source", "landed_night"]) }}
