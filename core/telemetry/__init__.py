"""What the service tells its operator: logs, metrics, request ids. None of it holds content or personal data."""
