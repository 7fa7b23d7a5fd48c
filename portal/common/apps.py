from django.apps import AppConfig


class CommonConfig(AppConfig):
    """The shared kernel: access, audit, outbox, messaging, tables, exports."""

    name = "portal.common"
    label = "common"
    verbose_name = "Portal operations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal.common import lookups, registrations  # noqa: F401
