"""Live collection against servers that no one here wrote, on loopback. `make test-peers` sets them up; see README.md here."""
