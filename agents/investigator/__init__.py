"""The investigator's adviser: what past fires say about the causes of this one, for and against, and what to check."""
