"""Several contact changes of one member, told as one (CON_03): pure functions over payloads."""

from collections.abc import Sequence

from clients.membersystem.payloads import ContactPayload, ContactPointData


def merged(payloads: Sequence[ContactPayload], *, drop_unchanged: bool) -> ContactPayload:
    """One payload for these, given oldest first: before of the oldest, after of the newest, for each kind.

    With ``drop_unchanged`` kinds that end where they began are left out; the result is empty when all do. Not to be
    used when one of them may have reached the member system: the way back has to be told then.
    """
    before: dict[str, ContactPointData | None] = {}
    after: dict[str, ContactPointData | None] = {}
    for payload in payloads:
        for kind, value in payload["after"].items():
            before.setdefault(kind, payload["before"].get(kind))
            after[kind] = value
    kinds = [kind for kind in after if not (drop_unchanged and _same(before[kind], after[kind]))]
    return {"before": {kind: before[kind] for kind in kinds}, "after": {kind: after[kind] for kind in kinds}}


def _same(one: ContactPointData | None, other: ContactPointData | None) -> bool:
    """Whether the member system would see no difference; when and how consent was said is not for it."""
    if one is None or other is None:
        return one is other
    return all(one.get(key) == other.get(key) for key in ("value", "extension", "send_text"))
