{{ stage(source('instagram', 'deletions'), ["subject_type", "subject_key"]) }}
