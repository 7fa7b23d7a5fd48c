from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The composition root: commands that span apps live here, models do not."""

    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"
