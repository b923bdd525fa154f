"""One stream's state machines: SotW and delta, over one common subscription.

Requests go in, encoded responses come out; what a request is worth is told to `ledger.deliveries`. Nothing here knows
of gRPC. Each rule cited is one of `xds/PROTOCOL.md`.
"""
