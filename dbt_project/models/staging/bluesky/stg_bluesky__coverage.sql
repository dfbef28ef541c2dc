{{ stage(source('bluesky', 'coverage'), ["source", "landed_night"]) }}
