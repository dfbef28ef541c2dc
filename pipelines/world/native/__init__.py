"""How each platform writes an invented world down: one module a platform, from arrays to files of its native formats."""
