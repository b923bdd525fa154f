"""Benchmarks: how fast the control plane is, against bounds and against floors, and how much memory it takes.

Nothing here is a test: timings are judged by a command that a person runs. Each measure compares two things in one run,
in turns, so that a machine which is slow for a while is slow for both.
"""
