"""``manage.py publish_terms FILE.txt --terms-version 2.0``: put a new wording of the terms of use in force."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import TermsVersion
from accounts.services import terms
from accounts.services.terms import VersionExists

LONGEST_VERSION = 20


class Command(BaseCommand):
    help = (
        "Publish the terms of use people accept when they register: plain text, UTF-8, an empty line between paragraphs. "
        "A published wording never changes; the newest one is in force, and nobody can register before there is one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.txt", help="the wording")
        parser.add_argument("--terms-version", required=True, help="how it is called, for example 2.0")
        parser.add_argument("--dry-run", action="store_true", help="only check")

    def handle(self, *, file: Path, terms_version: str, dry_run: bool, **options: Any) -> None:
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
            if TermsVersion.objects.filter(version=terms_version).exists():
                raise CommandError(f"Terms of use, version {terms_version}, exist already and cannot be changed.")
            self.stdout.write(f"Would publish version {terms_version}, {len(body):,} characters. Nothing was kept.")
            return
        try:
            terms.publish(version=terms_version, body=body, by=None, at=timezone.now())
        except VersionExists as exc:
            raise CommandError(str(exc)) from None
        self.stdout.write(f"Terms of use, version {terms_version}, are in force.")
