"""What one acceptance test asked, and what was seen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """`number` is that of the table in docs/estimator.md. `low` and `high` bound what is seen; both None: it is reported, not judged."""

    number: str
    what: str
    seen: float
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.low is None and self.high is None:
            return None
        return (self.low is None or self.seen >= self.low) and (self.high is None or self.seen <= self.high)

    @property
    def bound(self) -> str:
        match self.low, self.high:
            case None, None:
                return "reported"
            case low, None:
                return f"≥ {low:g}"
            case None, high:
                return f"≤ {high:g}"
            case low, high:
                return f"{low:g} to {high:g}"
