"""What opens an alert, from a disclosure or from a rule: the values that `risk.alerting.open_alert` takes."""

from typing import Any

from sqlalchemy import Row

from models.codec import digest_hex
from models.definition.disclose import Disclosed
from models.definition.escalation import AlertRule
from models.definition.protocol import Protocol
from risk.alerting import Opening


def opening_of_disclosure(protocol: Protocol, found: Disclosed, person: Row[Any], version_id: int, source_id: str) -> Opening:
    """`person` has id, study_id and synthetic of the enrollment; `source_id` names what disclosed."""
    rule = next(one for one in protocol.disclosures if one.id == found.disclosure)
    return Opening(
        study_id=person.study_id,
        enrollment_id=person.id,
        tier=found.tier,
        family=found.disclosure,
        source_id=source_id,
        protocol_version_id=version_id,
        rule_hash=digest_hex(rule.model_dump(mode="json")),
        synthetic=person.synthetic,
    )


def opening_of_rule(rule: AlertRule, person: Row[Any], version_id: int, source_id: str, estimate_id: int | None) -> Opening:
    """Of a tier 2 rule that held at a decision point, or that the clock looked at."""
    return Opening(
        study_id=person.study_id,
        enrollment_id=person.id,
        tier=rule.tier,
        family=rule.id,
        source_id=source_id,
        protocol_version_id=version_id,
        rule_hash=digest_hex(rule.model_dump(mode="json")),
        synthetic=person.synthetic,
        estimate_id=estimate_id,
        refractory_hours=rule.refractory_hours,
    )
