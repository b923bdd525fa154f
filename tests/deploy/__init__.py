"""The chart, what is rendered from it, and the examples: whether they are what a cluster takes."""
