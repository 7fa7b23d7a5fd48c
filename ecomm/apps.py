from django.apps import AppConfig


class EcommConfig(AppConfig):
    name = "ecomm"
    verbose_name = "Messages and documents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecomm import registrations  # noqa: F401
