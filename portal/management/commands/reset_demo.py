"""`make reset-demo`: begin the demo afresh."""

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.postgres import remove_cluster


class Command(BaseCommand):
    help = "Drop the demo's database and stored files. The secrets and the installed packages stay."
    requires_system_checks: list[str] = []

    def handle(self, **_options: Any) -> None:
        if not settings.EMBEDDED_POSTGRES:
            raise CommandError(
                "DATABASE_URL is set: this command removes only the portal's own database. Nothing done."
            )
        runtime_dir = Path(settings.RUNTIME_DIR)
        try:
            existed = remove_cluster(Path(settings.EMBEDDED_POSTGRES_DIR))
        except EmbeddedPostgresError as error:
            raise CommandError(str(error)) from error
        for schedule in runtime_dir.glob("celerybeat-schedule*"):
            schedule.unlink()
        files = Path(settings.UPLOADS_ROOT)
        if runtime_dir in files.parents and files.is_dir():
            shutil.rmtree(files)
        shutil.rmtree(runtime_dir / "x12", ignore_errors=True)  # the default folders of the 834 gateway
        shutil.rmtree(runtime_dir / "payment-service", ignore_errors=True)
        self.stdout.write("The demo's data is gone." if existed else "There was no demo data.")
