"""Search interest: Google Trends tables, response bodies and trending lists to attention series. Files only."""
