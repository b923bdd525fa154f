"""Many streams that misbehave beside some that do not, over real sockets.

Promised of a control plane under 1,000 misbehaving streams, in eight ways (`ways`): healthy proxies get their pushes at
most twice as late as without them, memory stays bounded, and nothing is confirmed for a misbehaving one.

The tests here assert what does not depend on how fast the machine is. `python -m tests.hostility` runs the crowd
against the real `lastack serve` in a process of its own, measures, and prints what passed and what missed.

Read in this order: `http2` (frames, at the test's will), `requests` and `ways`; then `arena` and the tests, or `host`,
`server`, `healthy`, `crowd`, `battle` and `table` for the command.
"""
