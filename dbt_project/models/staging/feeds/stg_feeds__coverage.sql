{{ stage(source('feeds', 'coverage'), ["source", "landed_night"]) }}
