"""The participant door: everything that a phone asks and tells."""

from api.participant import devices, events, help, lists, me, planned, prompts, protocol, responses, scenes, settings, signals

# Answers first: routes are matched in order, and this is the one that is asked most.
routers = (
    responses.direct,
    *(part.router for part in (responses, devices, protocol, prompts, help, events, planned, lists, scenes, settings, signals, me)),
)
