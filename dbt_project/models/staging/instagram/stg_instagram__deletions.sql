{{ stage_rows('instagram', 'deletions', 'subject_type, subject_key') }}
