"""Acts: files become clauses, an index and a report."""
