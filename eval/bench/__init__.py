"""Benchmarks: what the service costs, always beside a peer in the same run."""
