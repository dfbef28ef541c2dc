{{ stage(source('threads', 'deletions'), ["subject_type", "subject_key"]) }}
