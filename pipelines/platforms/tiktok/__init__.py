"""TikTok: exports and API responses as canonical rows."""
