{{ stage_rows('reddit', 'deletions', 'subject_type, subject_key') }}
