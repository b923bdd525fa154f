"""The wire formats are what they claim to be: generated from their source, and equal to Envoy's."""
