{{ stage_rows('instagram', 'coverage', 'source, covered_on, landed_night') }}
