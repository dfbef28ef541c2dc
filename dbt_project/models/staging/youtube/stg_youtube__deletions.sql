{{ stage_rows('youtube', 'deletions', 'subject_type, subject_key') }}
