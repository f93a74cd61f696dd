"""The care door: who needs what, and what was done."""

from api.care import alert_moves, alerts, answers, caseload, devices, events, inbox, people, refused, studies

routers = tuple(noun.router for noun in (studies, caseload, people, devices, events, answers, refused, alerts, alert_moves, inbox))
