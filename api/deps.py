"""What a route is handed: the house (made once in api.app) and the viewer."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request

from api.settings import ApiSettings
from models.clock import Clock
from models.protocols import Protocols
from models.sealed import Keys
from models.session import Sessions
from models.writer import Writer
from risk.mind import Mind


@dataclass(slots=True)
class House:
    """Everything a process owns. Built by `api.app.build_house`; no globals."""

    sessions: Sessions
    keys: Keys
    clock: Clock
    settings: ApiSettings
    protocols: Protocols
    mind: Mind
    writer: Writer[Any, Any]
    rehearsal: bool
    started_at: datetime
    notes: dict[str, Any] = field(default_factory=dict)
    """Small caches owned by one file each, keyed by that file's name."""


async def get_house(request: Request) -> House:
    house: House = request.app.state.house
    return house


TheHouse = Annotated[House, Depends(get_house)]
