"""Where the data is. Each room reads its own slice of settings from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """`url` is a SQLAlchemy URL; `directory` holds secrets, media and exports (and the embedded database).

    `durable`: what was acknowledged is on the disk. Without it a process may be killed at any line, but a power cut loses what was
    last written; a house that is not a rehearsal does not open so.
    """

    url: str
    directory: Path
    pool_size: int = 8
    """Connections a process; 8 was fastest on two cores, more was slower."""
    durable: bool = True

    @property
    def embedded(self) -> bool:
        return self.url.startswith("sqlite")

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "DatabaseSettings":
        """From `BREAKWATER_DATABASE_URL` and `BREAKWATER_DIRECTORY`; default: SQLite in `var/`."""
        directory = Path(environment.get("BREAKWATER_DIRECTORY", "var")).absolute()
        url = environment.get("BREAKWATER_DATABASE_URL") or f"sqlite:///{quote(str(directory / 'breakwater.db'))}"
        if url.startswith(("postgres://", "postgresql://")):
            url = "postgresql+psycopg://" + url.split("://", 1)[1]
        return cls(
            url=url,
            directory=directory,
            pool_size=int(environment.get("BREAKWATER_POOL_SIZE", "8")),
            durable=environment.get("BREAKWATER_DURABLE", "1") != "0",
        )
