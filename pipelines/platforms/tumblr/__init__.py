"""Tumblr: API v2 answers, and study tables of tag use."""
