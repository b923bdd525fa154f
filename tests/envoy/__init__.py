"""lastack against real Envoys: processes of the pinned binary, real sockets, real requests.

Each test runs over SotW and over delta. The control plane runs on the test's own event loop, so a test may look into it
and into Envoy's admin interface at one moment. Nothing here sleeps for a fixed time: a test waits for a receipt, or
`eventually` for a condition. Traffic stays on 127.0.0.0/8 and ::1.
"""
