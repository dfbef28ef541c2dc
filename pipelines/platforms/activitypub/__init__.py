"""ActivityPub: objects, activities, actors and collections of any federated server to canonical rows, and how they are fetched."""
