"""More clusters, by Secrets of the first one: they come and go without a restart."""
