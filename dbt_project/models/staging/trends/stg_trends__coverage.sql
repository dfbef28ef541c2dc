{{ stage(source('trends', 'coverage'), ["source", "landed_night"]) }}
