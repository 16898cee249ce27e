"""What serves the port `knowledge_base.embedding.Embedder`."""
