"""Alerts that are muted because what they depend on is known to be broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from webhook_alerts import reasons
from webhook_alerts.configuration.inhibit import Inhibition
from webhook_alerts.incidents.rules import LABEL_LENGTH
from webhook_alerts.matching import fit
from webhook_alerts.models import Incident

SOURCES = 500
"""Unresolved incidents that are looked at, those seen last."""


@dataclass(frozen=True, slots=True)
class Source:
    """An unresolved incident that mutes others by ``rule``."""

    rule: Inhibition
    fingerprint: str
    title: str
    labels: Mapping[str, str]

    def mutes(self, target: Mapping[str, str]) -> bool:
        """Does it mute what has the labels *target*? What fits both sides is muted by none of its like.

        A label that is missing counts as empty, and of a long one only the beginning.
        """
        return (
            fit(self.rule.target, target)
            and not fit(self.rule.source, target)
            and self.fingerprint != target.get("fingerprint")
            and all(self._same(name, target) for name in self.rule.equal)
        )

    def _same(self, name: str, target: Mapping[str, str]) -> bool:
        return self.labels.get(name, "")[:LABEL_LENGTH] == target.get(name, "")[:LABEL_LENGTH]

    @property
    def reason(self) -> str:
        """The sentence for the rows, beginning with the class that suppressed deliveries are counted by."""
        return (reasons.INHIBITED % {"title": " ".join(self.title.split()) or self.fingerprint})[:255]


def sources(rules: Sequence[Inhibition]) -> Iterator[Source]:
    """The incidents that mute others now; nothing is asked without rules."""
    if not rules:
        return
    unresolved = Incident.objects.filter(state__in=[Incident.State.OPEN, Incident.State.ACKNOWLEDGED])
    for row in unresolved.only("pk", "title", "labels").order_by("-last_seen")[:SOURCES]:
        labels = {**row.labels, "fingerprint": row.pk, "message": row.title}
        yield from (Source(rule, row.pk, row.title, labels) for rule in rules if fit(rule.source, labels))
