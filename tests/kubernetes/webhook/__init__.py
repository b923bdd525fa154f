"""The admission webhook: what it gives Pods, and how it proves who it is."""
