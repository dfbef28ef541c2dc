{{ stage(source('threads', 'interactions'), ["interaction_key"]) }}
