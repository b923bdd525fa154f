"""Kubernetes: an API server double that fails as the real one does, and what lastack makes of either."""
