{{ stage(source('x', 'interactions'), ["interaction_key"]) }}
