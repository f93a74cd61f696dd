"""The research door: what a study says, who works in it, what comes out of it."""

from api.research import audit, exports, grants, models, protocols, rota, summary, webhooks

routers = tuple(noun.router for noun in (protocols, exports, summary, audit, grants, rota, models, webhooks))
