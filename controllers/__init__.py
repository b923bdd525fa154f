"""The outside world: sources, the status API, the command line, and what puts it all together.

Promises: what goes wrong outside is told in one clear line, and nothing that was good is lost. It holds no rule of the
protocol or of receipts; those are in `xds` and `ledger`. The top layer: it may import every other.

Read in this order: `settings`, `replica` (puts a process together), `runtime` (runs the core on an event loop), `files`
(the file source), `status` (the API), `cli` (the command line), `demo`.
"""
