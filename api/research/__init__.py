"""The research door: what a study says, who works in it, what comes out of it."""

from api.research import audit, exports, grants, models, protocols, revisions, rota, summary, webhooks

routers = tuple(noun.router for noun in (protocols, revisions, exports, summary, audit, grants, rota, models, webhooks))
