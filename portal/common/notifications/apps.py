from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """What the portal tells people: the bell, the list, emails at once or as a digest, and who wants which."""

    name = "portal.common.notifications"
    label = "notifications"
    verbose_name = "Notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal.common.notifications import registrations  # noqa: F401
