"""Plausible mistakes, each put into a copy of the core, where the simulation or the property tests must notice it.

What the other tests prove is only as good as what they would notice. `make mutants` asks that of them: every mistake in
`catalogue` is a short edit that some engineer, or some other control plane, has made or could make, and that breaks a
rule of `ARCHITECTURE.md` or `xds/PROTOCOL.md`. A mistake that nothing notices is a hole in the tests.
"""
