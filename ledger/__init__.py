"""Who has what.

Promises: a receipt is CONFIRMED only if no proxy can still route by an older form of the object (the rule of
`ARCHITECTURE.md`). Everything here is a plain synchronous object: events in, facts out; time is an argument (`now`,
seconds since the epoch), and nothing awaits, sleeps or touches a socket. It treats resources as opaque names, so it
must not import `xds` or `controllers`.

Read in this order: `ids` (the identifiers), `ledger` (what was applied), `interest` and `lag` (one stream's and one
resource's side of who is behind), `stream_record` and `streams` (who is obliged), `deliveries` (all of these
together), `roster` (the proxies), `footprints` (which resources an object touches), `receipts` (the answer) and
`waiting` (for it).
"""
