"""A receipt for an object as a cluster has it: in this form, and no other."""

from controllers.kubernetes.source import KubernetesSource
from controllers.kubernetes.steps import Form
from controllers.reports import Severity
from controllers.runtime import Runtime
from ledger.ids import ObjectKey
from ledger.receipts import FINAL, Query, Receipt


async def reached_everybody(
    source: KubernetesSource, runtime: Runtime, key: ObjectKey, form: Form, seconds: float, *, leaving: bool = False
) -> tuple[bool, Receipt]:
    """Whether everybody has the object in that form, after so many seconds at most; and the receipt.

    Args:
        leaving: it is enough that nobody has another form of it, since that of another source counts.
    """
    receipt = await runtime.receipt(Query(key), seconds)
    if receipt.outcome in FINAL:  # what has come since the answer counts, and from here on nothing comes
        receipt = runtime.receipt_now(Query(key))
    report = source.report_for(key)
    readable = report is None or report.severity is not Severity.ERROR  # else an older form is served
    document = source.document(key)
    same = document is not None and Form.of(document) == form
    served = leaving or not source.is_given_by_another(key)
    return receipt.outcome in FINAL and bool(receipt.applied) and readable and same and served, receipt
