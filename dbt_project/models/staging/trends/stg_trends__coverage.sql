{{ stage_rows('trends', 'coverage', 'source, covered_on, landed_night') }}
