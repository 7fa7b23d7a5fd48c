"""What guards the door: lockout, open sessions, authenticator apps."""

from django.db import models
from django.db.models import Q

from portal.common.crypto import EncryptedTextField


class LoginGuard(models.Model):
    """Wrong passwords in a row on one username, whether or not it exists (LCK_01..05)."""

    username_key = models.CharField(max_length=150, unique=True, help_text="As typed, lower case.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Wrong passwords since the last right one.")
    last_failure_at = models.DateTimeField(null=True, blank=True)
    locked_until = models.DateTimeField(null=True, blank=True, help_text="From this moment on it is open again.")

    class Meta:
        ordering = ["username_key"]
        indexes = [models.Index(fields=["locked_until"], name="guards_locked", condition=Q(locked_until__isnull=False))]

    def __str__(self) -> str:
        return self.username_key


class UserSession(models.Model):
    """One signed-in browser, for the list in My Information and for ending it from there."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="open_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    browser = models.CharField(max_length=200, blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    signed_in_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_seen_at", "-id"]
        indexes = [models.Index(fields=["user", "-last_seen_at"], name="sessions_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} since {self.signed_in_at:%Y-%m-%d %H:%M}"


class AuthenticatorDevice(models.Model):
    """An authenticator app (TOTP). The secret is encrypted; a time step is accepted once."""

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="authenticator")
    secret = EncryptedTextField()
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When the first code proved the app works.")
    last_step = models.BigIntegerField(default=-1, help_text="Newest time step a code was accepted for.")
    drift = models.SmallIntegerField(default=0, help_text="Steps the app's clock runs ahead or behind.")
    stray_step = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="Step of a right code that came too early or late; the next one may explain it.",
    )
    stray_drift = models.SmallIntegerField(null=True, blank=True, help_text="How many steps off that code was.")
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text="After too many wrong codes; a code by message opens it again."
    )
    reopened_at = models.DateTimeField(null=True, blank=True, help_text="When it was opened again.")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="authenticator_stray_step_and_drift",
                condition=Q(stray_step__isnull=True, stray_drift__isnull=True)
                | Q(stray_step__isnull=False, stray_drift__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}"


class RecoveryCode(models.Model):
    """A code to print and keep, good once, for when the authenticator is lost; stored hashed."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=128)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["user_id", "id"]
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"{self.user_id} #{self.pk}"
