{{ stage_rows('feeds', 'coverage', 'source, covered_on, landed_night') }}
