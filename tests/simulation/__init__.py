"""Worlds of faults: every line of a script is something that happens, and after each all invariants must hold.

Read `world` (what there is), `operator`, `control`, `proxies` and `peace` (what can happen), `script` (lines), `chance`
(a script from a seed), `invariants` and `memory` (what must hold), `run` and `shrink` (a violation, and the shortest
script that leads to it). `envoy` and `connection` are the model of a proxy, `routes` is the truth about it, `network`,
`replica` and `source` are the rest of the world.
"""
