"""A pytest plugin: Hypothesis reports the first failure that it finds, and does not look for a smaller one.

Whether a mutant is noticed is all that is asked here; to shrink the failure would take longer than to find it.
"""

from hypothesis import Phase, settings

settings.register_profile("unshrunk", phases=[Phase.explicit, Phase.generate], database=None)
settings.load_profile("unshrunk")
