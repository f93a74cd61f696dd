"""The system door: who works here, is it well, and pages for people."""

from api.system import clock, health, metrics, pages, staff, studies

routers = tuple(noun.router for noun in (staff, studies, clock, health, metrics, pages))
