{{ stage(source('bereal', 'coverage'), ["source", "landed_night"]) }}
