"""What the talking room needs to know, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Limits in bytes, lives in seconds."""

    host: str = "127.0.0.1"
    port: int = 8000
    production: bool = False
    """Interactive API pages are off and plain-HTTP development comforts are refused."""
    body_limit: int = 262_144
    batch_body_limit: int = 8_388_608
    batch_items: int = 500
    access_token_seconds: int = 3_600
    refresh_token_days: int = 90
    staff_idle_seconds: int = 1_800
    staff_session_seconds: int = 43_200
    token_cache_seconds: float = 5.0
    code_hours: int = 72
    code_tries: int = 5
    metrics_token: str | None = field(default=None, repr=False)
    """A scraper on another machine reads /metrics with it; without it only this machine and operators do."""
    prior: Path | None = None
    """The file of the estimator's prior; None: the shipped one. Every process of a house has the same."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "ApiSettings":
        prior = environment.get("BREAKWATER_PRIOR")
        return cls(
            host=environment.get("BREAKWATER_HOST", "127.0.0.1"),
            port=int(environment.get("BREAKWATER_PORT", "8000")),
            production=environment.get("BREAKWATER_ENV", "development") == "production",
            metrics_token=environment.get("BREAKWATER_METRICS_TOKEN") or None,
            prior=Path(prior) if prior else None,
        )
