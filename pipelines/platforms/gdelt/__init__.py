"""GDELT: the world's news as events, mentions of them, a knowledge graph of documents, and a search of articles."""
