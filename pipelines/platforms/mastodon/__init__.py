"""Mastodon and compatible servers: REST responses to canonical rows. Files only."""
