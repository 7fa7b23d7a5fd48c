"""``manage.py publish_terms FILE --terms-version 2.0 [--document privacy]``: put a new wording in force."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import TermsVersion
from portal.common.content.models import PrivacyStatement
from portal.common.content.models.legal import LegalWording
from portal.common.content.services import legal
from portal.common.content.services.legal import VersionExists

LONGEST_VERSION = 20
DOCUMENTS: dict[str, type[LegalWording]] = {"terms": TermsVersion, "privacy": PrivacyStatement}


class Command(BaseCommand):
    help = (
        "Publish the terms of use people accept when they register (plain text, an empty line between paragraphs), or "
        "the privacy statement (Markdown). UTF-8. A published wording never changes; the newest one is in force, and "
        "nobody can register before there are terms of use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the wording")
        parser.add_argument("--terms-version", required=True, help="how it is called, for example 2.0")
        parser.add_argument(
            "--document", choices=sorted(DOCUMENTS), default="terms", help="which document it is (terms)"
        )
        parser.add_argument("--dry-run", action="store_true", help="only check")

    def handle(self, *, file: Path, terms_version: str, document: str, dry_run: bool, **options: Any) -> None:
        model = DOCUMENTS[document]
        try:
            body = file.read_text(encoding="utf-8-sig").strip()
        except OSError as exc:
            raise CommandError(f"Cannot read {file}: {exc.strerror}") from None
        except UnicodeDecodeError:
            raise CommandError(f"{file.name} is not UTF-8 text.") from None
        if not body or "\x00" in body:
            raise CommandError(f"{file.name} holds no text.")
        if not terms_version.strip() or len(terms_version) > LONGEST_VERSION:
            raise CommandError(f"The version has 1 to {LONGEST_VERSION} characters.")
        if dry_run:
            if model._default_manager.filter(version=terms_version).exists():
                raise CommandError(legal.version_exists(model, terms_version))
            self.stdout.write(f"Would publish version {terms_version}, {len(body):,} characters. Nothing was kept.")
            return
        try:
            legal.publish_text(model, version=terms_version, body=body, by=None, at=timezone.now())
        except VersionExists as exc:
            raise CommandError(str(exc)) from None
        self.stdout.write(f"Version {terms_version} of the {model.document} is in force.")
