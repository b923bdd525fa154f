"""`lastack demo`: what receipts are good for, shown with real Envoys under real traffic, on one machine.

Every instance of a service is replaced twice, once without and once with waiting for receipts, under the same traffic,
and what the clients got is counted. Everything is a process of its own and is used through its outside: the control
plane through its files and its HTTP API, Envoys through their ports. So it shows what an operator would see.

Promises: it leaves no process and no file behind, however it ends; and trouble of its own (a process that dies, a
client too slow for the rate) is told apart from requests that failed.

Read in this order: `command`, `plan`, `comparison` (runs both ways), `replacement` (the two ways), `mesh` (the
processes).
"""
