"""Pods as instances: each that opts in has a WorkloadEntry of its own, for as long as it takes requests."""
