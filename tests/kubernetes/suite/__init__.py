"""What holds in every cluster: run against the API server double, and, unchanged, against a real API server."""
