from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Files people send: checked by content, kept outside the web root under random names, scanned."""

    name = "portal.common.files"
    label = "files"
    verbose_name = "Stored files"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal.common.files import registrations  # noqa: F401
