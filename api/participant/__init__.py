"""The participant door: everything that a phone asks and tells."""

from fastapi import APIRouter

from api.participant import devices, events, help, lists, me, prompts, protocol, responses, scenes, settings

router = APIRouter()
# Answers first: routes are matched in order, and this is the one that is asked most.
router.include_router(responses.direct)
for _part in (responses, devices, protocol, prompts, help, events, lists, scenes, settings, me):
    router.include_router(_part.router)
