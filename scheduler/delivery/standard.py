"""The channels of a running house."""

from scheduler.delivery.channels.memory import Memory
from scheduler.delivery.channels.webhook import Webhook
from scheduler.delivery.port import Channels
from scheduler.settings import SchedulerSettings


def standard_channels(settings: SchedulerSettings) -> Channels:
    """`inbox` for staff, `webhook` for endpoints, `memory` for whoever looks in this process.

    `pull` has no channel: a phone keeps that promise by fetching.
    """
    webhook = Webhook(timeout_seconds=settings.webhook_timeout_seconds, allow_loopback=settings.webhook_allow_loopback)
    return {"inbox": Memory(kept=100), "memory": Memory(), "webhook": webhook}
