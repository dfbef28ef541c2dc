"""Bluesky: Jetstream captures and AppView responses to canonical rows. Files only."""
