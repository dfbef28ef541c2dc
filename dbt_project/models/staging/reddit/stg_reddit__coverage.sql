{{ stage_rows('reddit', 'coverage', 'source, covered_on, landed_night') }}
