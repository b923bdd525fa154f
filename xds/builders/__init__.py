"""Builds encoded Envoy resources from objects. Pure functions of their arguments, with deterministic bytes."""
