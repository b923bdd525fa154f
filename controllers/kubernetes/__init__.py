"""Kubernetes as a source: what a cluster holds is listed, and watched from then on.

`reflector` decides, and `informer` does what it says over `api`, which is the only module that talks to an API server.
"""
