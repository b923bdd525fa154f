"""Who belongs to whom, kept up to date one change at a time.

One WorkloadEntry's change costs O(its labels + the services that match), however many objects there are; nothing is
ever rebuilt as a whole, not even at start. Start with `index.Index`.
"""
