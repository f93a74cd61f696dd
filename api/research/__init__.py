"""The research door: what a study says, who works in it, what comes out of it."""

from fastapi import APIRouter

from api.research import audit, exports, grants, protocols, rota, summary, webhooks

router = APIRouter()
for _noun in (protocols, exports, summary, audit, grants, rota, webhooks):
    router.include_router(_noun.router)
