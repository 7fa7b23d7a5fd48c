"""Kinds that only these tests know, so that they need no app above the kernel."""

import pytest
from django.utils import timezone

from portal.common.access import Perm
from portal.common.notifications import kinds
from portal.common.notifications.models import Notification, NotificationPreference
from portal.common.notifications.notify import notify

Email = NotificationPreference.Email
NOW = timezone.now()

AT_ONCE = kinds.Kind(
    code="test.at_once", label="Answered", group="Tests", description="An answer came.", default_email=Email.AT_ONCE
)
DIGEST = kinds.Kind(
    code="test.digest", label="Received", group="Tests", description="Something came.", default_email=Email.DIGEST
)
PORTAL_ONLY = kinds.Kind(
    code="test.portal", label="Changed", group="Others", description="Something else.", default_email=Email.OFF
)
MANDATORY = kinds.Kind(
    code="test.mandatory",
    label="Refused",
    group="Others",
    description="Must be seen.",
    default_email=Email.OFF,
    mandatory=True,
    email_note="An email is always sent.",
)
FOR_STAFF = kinds.Kind(
    code="test.staff",
    label="For staff",
    group="Staff",
    description="Work waits.",
    default_email=Email.OFF,
    perm=Perm.CARRIER_ADMIN,
)
FOR_DELEGATES = kinds.Kind(
    code="test.delegates",
    label="For delegates",
    group="Others",
    description="Your rights.",
    default_email=Email.OFF,
    roles=frozenset({"DELEGATE"}),
)


@pytest.fixture(autouse=True)
def known_kinds(monkeypatch) -> None:
    monkeypatch.setattr(kinds, "_kinds", {})
    kinds.register(AT_ONCE, DIGEST, PORTAL_ONLY, MANDATORY, FOR_STAFF, FOR_DELEGATES)


@pytest.fixture
def tell():
    """Tells a person something new each time, in the portal only unless a kind is named."""
    facts = iter(range(1, 1_000))

    def told(person, *, kind=PORTAL_ONLY.code, title="Question EQU000001 was answered", **more) -> Notification | None:
        given = {"url": "/clients/", "fact": f"fact {next(facts)}", "at": NOW, **more}
        return notify(recipient=person, kind=kind, title=title, **given)

    return told
