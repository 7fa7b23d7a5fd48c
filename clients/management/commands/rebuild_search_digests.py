"""``manage.py rebuild_search_digests``: after another SEARCH_DIGEST_KEY, make the search by last four digits work again."""

from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from clients.services import search_digests


class Command(BaseCommand):
    requires_migrations_checks = True
    help = (
        "Makes the digests anew by which clients are found by the last four digits of their SSN. Deploy the new "
        "SEARCH_DIGEST_KEY everywhere, then run this. Safe to run again and while the portal works."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with tqdm(desc="Members", unit=" members", disable=None, leave=False) as bar:
            members, policies = search_digests.rebuild(progress=bar.update)
        self.stdout.write(f"{members:,} members and {policies:,} policies have another digest.")
