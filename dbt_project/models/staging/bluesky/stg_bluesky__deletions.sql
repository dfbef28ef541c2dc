{{ stage(source('bluesky', 'deletions'), ["subject_type", "subject_key"]) }}
