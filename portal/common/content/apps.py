from django.apps import AppConfig


class ContentConfig(AppConfig):
    """Pages the carrier writes: resources, news, training, whom to call, the privacy statement."""

    name = "portal.common.content"
    label = "content"
    verbose_name = "Content"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal.common.content import registrations  # noqa: F401
