"""The admission webhook: gives Pods that opt in what they need to come and go without a lost request.

It only answers what the API server asks; what becomes of a Pod later is up to `controllers.kubernetes.pods`. It never
refuses a Pod: whether Pods may be created while it does not answer is said by the `failurePolicy` in the cluster.

Read in this order: `mutation` (what a Pod is given), `review` (question and answer), `server`; `rotation` (when which
certificate is used), `kept` (what replicas share), `issue`, `self_made` and `from_files` (where a certificate comes
from), `serving_tls`; `metrics`, `wiring`.
"""
