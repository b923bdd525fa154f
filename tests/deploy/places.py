"""Where everything is that is looked at here."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "chart" / "lastack"
PLAIN = DEPLOY / "kubernetes"
EXAMPLES = DEPLOY / "examples"

HERE = Path(__file__).parent
VALUES = HERE / "values"
RENDERED = HERE / "rendered"
