"""Objects -> resources -> proxies.

Promises: what a proxy is sent follows from the applied objects alone, byte for byte the same on every replica; every
rule of `PROTOCOL.md` is kept; and what a proxy says is credited for no more than it is worth. Everything but `server`
and `session` is plain synchronous code, driven by events, with time as an argument. May import `ledger` and `protos`,
never `controllers`.

Read in this order: `objects` (what is served), `parsing` (from documents), `index` (who belongs to whom), `builders`
and `snapshot` (the resources), `protocol` (one stream's state machines), `plane` (all of it together), `server` (gRPC).
"""
