"""The rules of `xds/PROTOCOL.md`, each proved by a test that cites it.

Every test is written once, against a `Bench` (a control plane with a clock of its own) and a `Client` (the other end
of one stream), and runs on every transport that its rules concern, twice: against the core, called directly (`core`),
and through gRPC on a socket (`sockets`). `python -m tests.conformance.table` runs all of them and prints which rule
holds on which transport.

What takes a real Envoy to see (how it warms, what it keeps of what it is told to remove, what it says after a pause)
is in `tests/envoy`, and what takes a real gRPC client is in `tests/grpc_client`; here such rules have their part on
the wire.

Read in this order: `rules` and `transports` (what is cited), `client` and `bench` (what tests use), `core` and
`sockets` (the two ways in), then any test.
"""
