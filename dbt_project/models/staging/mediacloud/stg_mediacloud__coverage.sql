{{ stage(source('mediacloud', 'coverage'), ["source", "landed_night"]) }}
