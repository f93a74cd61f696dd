"""The care door: who needs what, and what was done."""

from fastapi import APIRouter

from api.care import alert_moves, alerts, answers, caseload, events, inbox, people, refused, studies

router = APIRouter()
for _noun in (studies, caseload, people, events, answers, refused, alerts, alert_moves, inbox):
    router.include_router(_noun.router)
