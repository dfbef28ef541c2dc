{{ stage(source('activitypub', 'deletions'), ["subject_type", "subject_key"]) }}
