"""More clusters, by Secrets."""
