"""The core against models that are simple and obviously right, on whatever Hypothesis thinks of."""
