"""The equations of risk-model.md 2.3 as they stood before 2.4: what the amendments are tested against. Never shipped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, exp, pi, sin

import numpy as np

from risk.terms import Observation

DOMAINS: Mapping[str, str] = {
    "cue_met": "R",
    "relief_expected": "R",
    "stress": "S",
    "low": "S",
    "phq_low": "S",
    "withdrawal": "S",
    "pain": "S",
    "control": "E",
    "impulsivity": "E",
    "intrusion": "E",
}
NAMES = ("1", "lag", "R", "S", "E", "RS", "Ri", "cos", "sin")
MEAN = np.array([0.0, 0.35, 0.45, 0.30, 0.15, 0.10, 0.0, 0.0, 0.0])
SD = np.array([0.30, 0.12, 0.25, 0.20, 0.10, 0.08, 0.10, 0.15, 0.15])
POPULATION: Mapping[str, tuple[float, float]] = {"craving": (0.3, 0.04), "cue_met": (0.25, 0.19), "stress": (0.48, 0.05)}


@dataclass
class Uncorrected:
    """2.3 whole: one time gap for all, pooled reports, a fixed residual variance, forgetting by time, one CUSUM."""

    variance: float = 0.64
    items: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    precision: np.ndarray = field(default_factory=lambda: np.diag(1 / SD**2))
    moment: np.ndarray = field(default_factory=lambda: MEAN / SD**2)
    last: float | None = None
    lag: float = 0.0
    fast: float = 0.0
    slow: float = 0.0
    cusum: float = 0.0
    drive: float = 0.0
    innovation: float | None = None

    @property
    def theta(self) -> dict[str, float]:
        return dict(zip(NAMES, np.linalg.solve(self.precision, self.moment), strict=True))

    def feed(self, observations: Sequence[Observation]) -> "Uncorrected":
        for observation in observations:
            self.step(observation)
        return self

    def step(self, seen: Observation) -> None:
        now = seen.event_time.timestamp() / 3600.0
        hours = 4.0 if self.last is None else now - self.last
        self.last = now
        z = {name: self._score(name, value, hours) for name, value in seen.answers.items()}
        craving = z.pop("craving", None)
        domain = {name: [one for item, one in z.items() if DOMAINS.get(item) == name] for name in "RSE"}
        scores = {name: sum(found) / len(found) if found else 0.0 for name, found in domain.items()}
        share = min(1.2, exp(-(min(hours, 72.0) - 4.0) / 6.0))
        months = (seen.days_abstinent or 0.0) / 60.0
        x = np.array(
            [
                1.0,
                share * self.lag,
                scores["R"],
                scores["S"],
                scores["E"],
                scores["R"] * scores["S"],
                scores["R"] * months * exp(1 - months),
                cos(seen.local_hour * pi / 12),
                sin(seen.local_hour * pi / 12),
            ]
        )
        theta = np.linalg.solve(self.precision, self.moment)
        keep = 2.0 ** (-min(hours, 72.0) / 672.0)
        prior = np.diag(1 / SD**2)
        if craving is not None:
            spread = (self.variance + x @ np.linalg.solve(self.precision, x)) ** 0.5
            self.innovation = float((craving - x @ theta) / spread)
            self.cusum = max(0.0, 2.0 ** (-min(hours, 72.0) / 72.0) * self.cusum + self.innovation - 0.5)
            self.lag = craving
        self.precision = keep * self.precision + (1 - keep) * prior
        self.moment = keep * self.moment + (1 - keep) * prior @ MEAN
        if craving is not None:
            self.precision = self.precision + np.outer(x, x) / self.variance
            self.moment = self.moment + x * craving / self.variance
        theta = np.linalg.solve(self.precision, self.moment)
        self.drive = float(theta[1:7] @ x[1:7])
        level = self.drive if craving is None else (craving + self.drive) / 2
        for name, half_life in (("fast", 24.0), ("slow", 168.0)):
            share = 2.0 ** (-hours / half_life)
            setattr(self, name, share * getattr(self, name) + (1 - share) * level)

    def _score(self, name: str, value: float, hours: float) -> float:
        mean, variance = POPULATION.get(name, (0.35, 0.04))
        count, mean, variance = self.items.get(name, (6.0, mean, variance))
        score = (value - mean) / (variance + 0.01) ** 0.5
        count = max(2.0 ** (-hours / 336.0) * count, 6.0) + 1
        error = value - mean
        mean += error / count
        variance += (error * (value - mean) - variance) / count
        self.items[name] = (count, mean, variance)
        return score
