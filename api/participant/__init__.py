"""The participant door: everything that a phone asks and tells."""

from fastapi import APIRouter

from api.participant import devices, events, help, lists, me, prompts, protocol, responses, scenes, settings

router = APIRouter()
for _part in (devices, protocol, prompts, responses, help, events, lists, scenes, settings, me):
    router.include_router(_part.router)
