"""Bytes that nobody would send, sent: libFuzzer looks for those that break a promise.

Three targets, each a function of bytes that returns or fails:

- `requests`: the bytes are a story of streams, requests, objects, ends and time around one control plane. Nothing but a
  `StreamError` may come of a request; nothing is CONFIRMED that a stream was sent otherwise and has not ACKed; what the
  core keeps is bounded by what it was sent; and afterwards a healthy proxy is served and confirmed as if nothing had
  been.
- `objects`: the bytes are documents: ServiceEntries, WorkloadEntries and what looks like them. Each is accepted, or
  refused for a reason; what is accepted can be served, and leaves nothing behind when it goes.
- `files`: the bytes are a file of YAML, of which the same holds.

`python -m tests.fuzz` runs them under atheris, which steers by the code that an input reaches; `--replay FILE` tells
the story of one input. No target needs atheris to run: `test_corpus` replays `corpus/`, which holds the seeds and every
input that ever broke something. How gRPC frames requests is below what the core sees; `test_framing` cuts
that in every place on a real socket, and `test_broken_framing` breaks it.
"""
