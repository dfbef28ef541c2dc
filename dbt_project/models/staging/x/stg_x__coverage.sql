{{ stage(source('x', 'coverage'), ["source", "landed_night"]) }}
