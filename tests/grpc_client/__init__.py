"""lastack against gRPC's own xDS client (rule 32): a real `xds:///` channel, in a process of its own, and real servers.

gRPC reads its xDS bootstrap once in a process, so the client is a subprocess that is told what to do.
"""
