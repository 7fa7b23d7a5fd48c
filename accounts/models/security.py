"""What proves a person at the door, stored so that a copy of the database opens nothing."""

from django.db import models
from django.db.models import Q

from portal.common.crypto import EncryptedTextField
from portal.common.models import OutboundMessage


class PasswordHistory(models.Model):
    """Hashes of earlier passwords; the last ten may not come back (PWD_10)."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="password_history")
    password = models.CharField(max_length=128, help_text="Hash, as in the user row.")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["-set_at", "-id"]
        verbose_name_plural = "password history"
        indexes = [models.Index(fields=["user", "-set_at"], name="password_history_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.set_at:%Y-%m-%d}"


class TrustedDevice(models.Model):
    """A browser excused from the second step for 30 days (DEV_01..04). Only a hash of its token is kept."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="trusted_devices")
    token_hash = models.CharField(max_length=64, unique=True)
    browser = models.CharField(max_length=200, blank=True, help_text="What the browser called itself.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="From this moment on the device is asked again.")
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["user", "expires_at"], name="devices_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} until {self.expires_at:%Y-%m-%d}"


class TypingProfile(models.Model):
    """A typing-pattern template with the consent it rests on; the template is encrypted and never shown (LOG_12).

    The row exists exactly as long as the pattern is kept: what ends the one deletes the other.
    """

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="typing_profile")
    template = EncryptedTextField(keys="TYPING_PATTERN_KEYS")
    template_version = models.CharField(max_length=20)
    sentence = models.CharField(max_length=10, help_text="Code of the sentence that was typed.")
    consent_at = models.DateTimeField()
    consent_text_version = models.CharField(max_length=20)
    enrolled_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="When it last let its owner in.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Refused attempts since the last accepted one.")
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text="After too many refused attempts; a code opens it again."
    )

    class Meta:
        ordering = ["-enrolled_at"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.template_version}"


class HeldTypingPattern(models.Model):
    """The template of an enrolment whose login is not finished: kept once its code is accepted, forgotten otherwise (LOG_04)."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="held_typing_patterns")
    bound_to = models.CharField(max_length=64, unique=True, help_text="Hash of the sign-in attempt it belongs to.")
    template = EncryptedTextField(keys="TYPING_PATTERN_KEYS")
    template_version = models.CharField(max_length=20)
    sentence = models.CharField(max_length=10)
    consent_at = models.DateTimeField()
    consent_text_version = models.CharField(max_length=20)
    expires_at = models.DateTimeField(help_text="The attempt is over by this moment.")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["expires_at"], name="held_patterns_to_purge")]

    def __str__(self) -> str:
        return f"{self.user_id} #{self.pk}"


class UsedTypingNonce(models.Model):
    """A nonce that was answered, so that no second answer to it counts; kept until it has expired."""

    nonce_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["expires_at"], name="typing_nonces_to_purge")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class OneTimeCode(models.Model):
    """One code sent to one person for one purpose, bound to the sign-in it was sent for; stored hashed (LOG_14)."""

    class Purpose(models.TextChoices):
        LOGIN = "LOGIN", "Sign in"
        PASSWORD_RESET = "PASSWORD_RESET", "Reset password"

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="one_time_codes")
    purpose = models.CharField(max_length=14, choices=Purpose.choices)
    method = models.CharField(max_length=5, choices=OutboundMessage.Channel.choices)
    code_hash = models.CharField(max_length=128)
    bound_to = models.CharField(max_length=64, help_text="Hash of the sign-in attempt the code belongs to.")
    message = models.ForeignKey(OutboundMessage, on_delete=models.SET_NULL, null=True, related_name="one_time_codes")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="The code is good before this moment.")
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True, help_text="A newer code took its place.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "purpose", "-created_at"], name="codes_of_user"),
            models.Index(fields=["expires_at"], name="codes_to_purge"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "purpose", "bound_to"],
                condition=Q(used_at__isnull=True, superseded_at__isnull=True),
                name="one_open_code_per_attempt",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} #{self.pk}"


class LoginAttempt(models.Model):
    """One try at the password step or the second step, right or wrong (log-in monitoring)."""

    class Outcome(models.TextChoices):
        PASSWORD_WRONG = "PASSWORD_WRONG", "Wrong username or password"
        PASSWORD_RIGHT = "PASSWORD_RIGHT", "Password accepted"
        CODE_WRONG = "CODE_WRONG", "Wrong code"
        SIGNED_IN = "SIGNED_IN", "Signed in"
        REFUSED = "REFUSED", "Refused"

    username = models.CharField(max_length=150, help_text="As typed, lower case, whether or not it exists.")
    user = models.ForeignKey(
        "accounts.User", on_delete=models.CASCADE, null=True, blank=True, related_name="login_attempts"
    )
    outcome = models.CharField(max_length=14, choices=Outcome.choices)
    method = models.CharField(max_length=8, blank=True, help_text="email, sms, totp, typing or device.")
    at = models.DateTimeField()
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    browser = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["username", "-at"], name="attempts_on_name"),
            models.Index(fields=["ip_address", "-at"], name="attempts_from_address"),
            models.Index(fields=["user", "-at"], name="attempts_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.outcome}"
