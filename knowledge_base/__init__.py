"""Acts become clauses; clauses are indexed, found and cited."""
