"""What deciding needs and a process keeps: the prior, and how each protocol version is read."""

from importlib.resources import files
from threading import Lock

from models.definition.itemmap import item_map
from models.protocols import Protocols
from models.sealed import Keys
from models.session import ReadSession
from risk.estimate.nodes import from_item_map
from risk.estimate.prior import PRIOR_FILE, Prior, load
from risk.step import Reading

CRAVING = "craving"
"""The variable of craving strength, now; its name is part of the prior."""
OWN_WORD = "own_word"
"""The variable of the word that a person chose for craving, which texts show as `{own_word}`."""
LOSSES = frozenset({"loss_year", "week_loss"})
"""Variables that say someone close died: then scenes are not played by themselves (safety.md rule 9)."""


class Mind:
    """Made once a process. `estimating` False switches the estimator off: decisions go on without an estimate.

    Only in a `rehearsal` may `prior`, the bytes of a prior's file, have been learned from simulated people; None: the shipped one.
    """

    def __init__(
        self, keys: Keys, protocols: Protocols, *, estimating: bool = True, rehearsal: bool = False, prior: bytes | None = None
    ) -> None:
        self.keys = keys
        self.protocols = protocols
        self.estimating = estimating
        self.prior: Prior = load(prior or (files("risk.estimate") / "priors" / PRIOR_FILE).read_bytes(), rehearsal=rehearsal)
        self._readings: dict[int, Reading] = {}
        self._lock = Lock()

    def reading(self, session: ReadSession, version_id: int) -> Reading:
        """Raises Missing where there is no such protocol version."""
        with self._lock:
            known = self._readings.get(version_id)
        if known is not None:
            return known
        protocol = self.protocols.get(session, version_id)
        mapped = item_map(protocol)
        cravings = {instrument.id: item for instrument, item in protocol.items() if item.variable == CRAVING}
        losses = {instrument.id: item for instrument, item in protocol.items() if item.variable in LOSSES}
        words = {instrument.id: item for instrument, item in protocol.items() if item.variable == OWN_WORD}
        reading = Reading(protocol, from_item_map(mapped), mapped.hash, cravings, losses, words)
        with self._lock:
            self._readings[version_id] = reading
        return reading
