"""The care door: who needs what, and what was done."""

from api.care import adherence, alert_moves, alerts, answers, caseload, devices, events, inbox, people, planned, refused, studies

routers = tuple(
    noun.router for noun in (studies, caseload, people, adherence, devices, events, planned, answers, refused, alerts, alert_moves, inbox)
)
