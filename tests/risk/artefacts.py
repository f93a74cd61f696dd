"""Small population models, as documents."""

from msgspec.structs import replace

from risk.population.artefact import SCHEMA, Calibration, LogisticPart, Manifest, PopulationModel, Tree, TreesPart
from risk.population.windows import Target

MANIFEST = Manifest("d", "s", 10, 100, 20, 5, 0, 0, 50.0, 3, 1, "2026-01-01T00:00:00Z", "0.1.0")
TREE = Tree([0, 0, 0], [0.5, 0.0, 0.0], [True, False, False], [1, 0, 0], [2, 0, 0], [0.0, -1.0, 2.0])


def model(
    learner: LogisticPart | TreesPart | None = None,
    *,
    synthetic: bool = False,
    target: Target = "day",
    column: str = "use:days_log",
    number: int = 1,
) -> PopulationModel:
    """Of one column and one tree. Another `number` is another document that says the same."""
    part, manifest = learner or TreesPart(-2.0, [TREE]), replace(MANIFEST, seed=number)
    return PopulationModel(SCHEMA, "M0", target, synthetic, [column], part, Calibration(1.0, 0.0), {"0.2": 0.3}, manifest)
