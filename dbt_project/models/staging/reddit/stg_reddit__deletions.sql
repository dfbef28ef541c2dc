{{ stage(source('reddit', 'deletions'), ["subject_type", "subject_key"]) }}
