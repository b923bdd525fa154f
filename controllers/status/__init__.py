"""The status API: has a change reached every proxy, and what does each proxy hold?

One implementation, behind HTTP and gRPC.

Promises: what both faces answer comes from one `StatusService`, which reads the core and decides nothing; a receipt is
what the core says, in the same words. Answers are stable: a field is added, never renamed or given another meaning.

Read in this order: `model` (what is told), `proxies` and `objects` (read it from the core), `service`, `questions`
(what may be asked), `encoding` (JSON), `http`, `rpc`, `metrics`.
"""
