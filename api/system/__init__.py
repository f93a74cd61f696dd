"""The system door: who works here, is it well, and pages for people."""

from fastapi import APIRouter

from api.system import clock, health, metrics, pages, staff, studies

router = APIRouter()
for _noun in (staff, studies, clock, health, metrics, pages):
    router.include_router(_noun.router)
