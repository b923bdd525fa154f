"""Values that the chart must refuse when it is rendered, since each by itself is allowed; and what it then says."""

REFUSED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("several replicas that all serve", ("replicas=2",), "Set ha.enabled"),
    ("a volume beside ha", ("ha.enabled=true", "state.persistence.enabled=true"), "is of no use with ha.enabled"),
    ("a webhook without Pods", ("webhook.enabled=true", "drain.clusterIP=10.96.15.16"), "needs pods.enabled"),
    ("a drain without Pods", ("drain.enabled=true",), "needs pods.enabled"),
    ("a webhook without an address", ("webhook.enabled=true", "pods.enabled=true"), "needs drain.clusterIP"),
    ("no account and no name of one", ("serviceAccount.create=false",), "serviceAccount.name"),
    ("what is misspelt", ("webhok.enabled=true",), "webhok"),
)
"""What it is, the values, and words of the message."""
