"""The inspector's assistant: a question about the norms becomes verified quotes or a typed abstention."""
