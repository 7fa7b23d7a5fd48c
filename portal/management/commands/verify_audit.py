"""Is the audit trail as it was written? For auditors, and every night by the scheduler (ADR 0029)."""

import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.common import audit_chain
from portal.common.hash_chain import Broken

ANCHOR = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


class Command(BaseCommand):
    help = "Recount the chain of the audit trail: no event changed, added between others, taken out, or left unsealed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            metavar="POSITION:SHA256",
            help="a hash that was kept elsewhere, as the log told it; as often as you like",
        )

    def handle(self, *args: Any, anchor: list[str], **options: Any) -> None:
        anchors = {}
        for text in anchor:
            found = ANCHOR.fullmatch(text)
            if found is None:
                raise CommandError(
                    f"{text!r} is no anchor: give position and hash as the log tells them, 120:9f86d0..."
                )
            anchors[int(found[1])] = found[2]
        try:
            verified = audit_chain.verify(anchors=anchors)
        except Broken as exc:
            raise CommandError(f"The audit trail does not hold. {exc}") from exc
        self.stdout.write(f"The chain holds: {verified.sealed} events, last hash {verified.head}.")
        if anchors:
            self.stdout.write(f"{len(anchors)} kept hash{'es' if len(anchors) > 1 else ''} found as given.")
        if verified.waiting:
            self.stdout.write(f"{verified.waiting} new events wait for their seal.")
