{{ stage(source('gdelt', 'coverage'), ["source", "landed_night"]) }}
