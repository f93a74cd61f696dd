"""Numbers for Prometheus: the process's own counters, and the house counted from its rows at each scrape. No id is in them."""

from datetime import datetime
from hmac import compare_digest
from ipaddress import ip_address

from fastapi import Depends, Request, Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from api.actions.watch_duties import Pulse, watch_duties
from api.auth.staff import StaffToken, settled, signed_in
from api.deps import House, TheHouse
from api.problems import responses
from api.router import Router
from models.access import Ability
from models.errors import Forbidden
from models.queries.reports import Gauges, gauges
from models.writer import Lane

router = Router(tags=["system"])


def _scraper(request: Request, house: TheHouse, token: StaffToken) -> None:
    """This machine, the scraper's own token, or an operator who is signed in."""
    if token is None and request.client is not None and _loopback(request.client.host):
        return
    expected = house.settings.metrics_token
    if token is not None and expected is not None and compare_digest(token.credentials.encode(), expected.encode()):
        return
    if not settled(signed_in(house, token)).studies(Ability.OPERATE):
        raise Forbidden("forbidden", "Your role does not allow this.")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@router.get(
    "/metrics",
    response_class=Response,
    response_model=None,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus text."}, **responses(401, 403)},
    dependencies=[Depends(_scraper)],
)
def read_metrics(house: TheHouse) -> Response:
    """Counters and gauges in Prometheus text. For this machine, a scraper with the metrics token, or an operator."""
    with house.sessions.reading() as session:
        counted, pulses = gauges(session), watch_duties(session, now=house.clock.system())
    return Response(generate_latest() + generate_latest(_registry(house, counted, pulses)), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _registry(house: House, counted: Gauges, pulses: tuple[Pulse, ...]) -> CollectorRegistry:
    registry = CollectorRegistry()
    study_now, system_now = house.clock.study(), house.clock.system()

    def gauge(name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"breakwater_{name}", words, labels, registry=registry)

    gauge("studies", "Studies.").set(counted.studies)
    for name, words, numbers in (
        ("enrollments", "Enrollments by state.", counted.enrollments),
        ("prompts", "Prompts by state.", counted.prompts),
        ("deliveries", "Deliveries by state.", counted.deliveries),
        ("exports", "Exports by state.", counted.exports),
    ):
        family = gauge(name, words, "state")
        for one, number in numbers.items():
            family.labels(str(one)).set(number)
    alerts = gauge("alerts", "Alerts by state and tier.", "state", "tier")
    for (state, tier), number in counted.alerts.items():
        alerts.labels(str(state), str(tier)).set(number)
    gauge("decisions_owed", "Responses whose decision is owed.").set(counted.decisions_owed)
    gauge("refolds_owed", "States that must be folded again.").set(counted.refolds_owed)
    late = gauge("overdue_seconds", "How long the oldest has been waiting past its moment; 0: none is late.", "what")
    late.labels("prompt").set(_overdue(counted.prompt_waits_since, study_now))
    late.labels("alert").set(_overdue(counted.alert_waits_since, study_now))
    late.labels("delivery").set(_overdue(counted.delivery_waits_since, system_now))
    beats = gauge("duty_last_beat_seconds", "Age of the last good beat; -1: never.", "duty")
    for pulse in pulses:
        beats.labels(pulse.duty).set(-1 if pulse.beat_at is None else (system_now - pulse.beat_at).total_seconds())
    waiting = gauge("writer_waiting", "Operations that wait for the writer, by lane.", "lane")
    for lane in Lane:
        waiting.labels(lane.name.lower()).set(house.writer.waiting(lane))
    gauge("writer_alive", "1 while the writer lives.").set(house.writer.alive)
    gauge("writer_batches", "Batches since the start.").set(house.writer.batches)
    gauge("writer_batches_redone", "Batches that were done again one by one.").set(house.writer.redone)
    return registry


def _overdue(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
