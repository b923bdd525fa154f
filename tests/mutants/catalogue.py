"""All mutants."""

from tests.mutants.of_absence import ABSENCE
from tests.mutants.of_credit import CREDIT
from tests.mutants.of_kubernetes import KUBERNETES
from tests.mutants.of_receipts import RECEIPTS
from tests.mutants.of_resources import RESOURCES

MUTANTS = (*CREDIT, *ABSENCE, *RECEIPTS, *RESOURCES, *KUBERNETES)
