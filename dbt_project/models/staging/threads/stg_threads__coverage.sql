{{ stage(source('threads', 'coverage'), ["source", "landed_night"]) }}
