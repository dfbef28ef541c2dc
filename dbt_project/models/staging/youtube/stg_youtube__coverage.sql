{{ stage(source('youtube', 'coverage'), ["source", "landed_night"]) }}
