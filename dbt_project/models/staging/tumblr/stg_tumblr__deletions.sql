{{ stage(source('tumblr', 'deletions'), ["subject_type", "subject_key"]) }}
