{{ stage(source('tumblr', 'coverage'), ["source", "landed_night"]) }}
