"""Rows of the kernel: what happened (audit), what is owed (outbox), what is said to people (messages)."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.common.crypto import EncryptedTextField


class AuditEvent(models.Model):
    """One immutable fact: who did what, on whose book, to what. The database refuses updates and deletes."""

    at = models.DateTimeField(default=timezone.now, editable=False)
    action = models.CharField(max_length=80, help_text="Dotted fact, such as client.viewed.")
    # No foreign keys: the trail outlives what it speaks of.
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_username = models.CharField(max_length=150, blank=True)
    for_producer = models.CharField(
        max_length=10, blank=True, help_text="National producer number of the book on which the act was done."
    )
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=60, blank=True)
    details = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    request_id = models.CharField(max_length=36, blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["actor_id", "-id"], name="audit_by_actor"),
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_by_object"),
            models.Index(fields=["for_producer", "-id"], name="audit_by_producer"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.actor_username}"


class AuditLink(models.Model):
    """An audit event's place in the chain. The database refuses updates and deletes (portal/common/audit_chain.py)."""

    position = models.PositiveBigIntegerField(primary_key=True, help_text="Counted from 1, without gaps.")
    # No foreign key: that an event is gone is for the chain to find out.
    event_id = models.BigIntegerField(unique=True)
    sha256 = models.CharField(max_length=64, help_text="Of the hash before and of everything the event says.")

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position}: {self.sha256[:12]}"


class OutboxMessage(models.Model):
    """Work that is owed: written in the business transaction, done by a worker afterwards.

    A lease is a moment, not a state, so a worker that dies needs no clean-up: when the lease has run out the
    row is simply due again.
    """

    class Status(models.TextChoices):
        PENDING = "PENDING", "Pending"
        DONE = "DONE", "Done"
        DEAD = "DEAD", "Given up"

    topic = models.CharField(max_length=80)
    dedupe_key = models.CharField(max_length=120, unique=True, help_text="Names the fact, not the attempt.")
    order_key = models.CharField(
        max_length=80, blank=True, help_text="Rows with the same key are done one after the other, oldest first."
    )
    payload = models.JSONField(default=dict, help_text="Row ids and codes only: no personal data.")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_owner = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    closed_note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["not_before", "id"], name="outbox_due", condition=Q(status="PENDING")),
            models.Index(fields=["order_key", "id"], name="outbox_in_order", condition=Q(status="PENDING")),
            models.Index(fields=["id"], name="outbox_dead", condition=Q(status="DEAD")),
        ]
        constraints = [
            models.CheckConstraint(
                name="outbox_lease_has_owner",
                condition=Q(lease_until__isnull=True, lease_owner__isnull=True)
                | Q(lease_until__isnull=False, lease_owner__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"


class OutboundMessage(models.Model):
    """An email or text message to one person. Texts are encrypted, and dropped once the message has been handed over."""

    class Channel(models.TextChoices):
        EMAIL = "email", "Email"
        SMS = "sms", "Text message"

    class State(models.TextChoices):
        QUEUED = "QUEUED", "Being sent"
        SENT = "SENT", "Sent"
        FAILED = "FAILED", "Could not be sent"

    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    channel = models.CharField(max_length=5, choices=Channel.choices)
    kind = models.CharField(max_length=60, help_text="What it is about, such as login_code.")
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=200, blank=True)
    body_text = EncryptedTextField(blank=True)
    body_html = EncryptedTextField(blank=True)
    code = EncryptedTextField(blank=True, help_text="The one-time code inside, for the demo mailbox only.")
    attachment = models.ForeignKey(
        "files.StoredFile",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Goes along once it is released; with malware in it, the email goes without.",
    )
    state = models.CharField(max_length=6, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "id"], name="message_by_state")]
        constraints = [
            models.CheckConstraint(
                name="message_sent_has_moment",
                condition=Q(state="SENT", sent_at__isnull=False) | (~Q(state="SENT") & Q(sent_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.kind} #{self.pk}"


class MailboxEntry(models.Model):
    """What the demo's mail and text services received: the mailbox page of a demo or test portal.

    ``message_id`` is unique, as at any careful receiver: a message sent twice after a crash arrives once.
    """

    message_id = models.UUIDField(unique=True)
    channel = models.CharField(max_length=5, choices=OutboundMessage.Channel.choices)
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    code = models.CharField(max_length=20, blank=True)
    attachments = models.JSONField(default=list, blank=True, help_text="Names of the files that came with it.")
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "mailbox entries"

    def __str__(self) -> str:
        return f"{self.channel} to {self.to}"


class ThrottleWindow(models.Model):
    """How often something was tried by somebody within one stretch of time (portal.common.throttle)."""

    scope = models.CharField(max_length=60)
    key_hash = models.CharField(max_length=64, help_text="Keyed hash of the address, account or mailbox.")
    starts_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["scope", "key_hash", "starts_at"], name="throttle_window_once")]
        indexes = [models.Index(fields=["starts_at"], name="throttle_to_purge")]

    def __str__(self) -> str:
        return f"{self.scope} {self.starts_at:%Y-%m-%d %H:%M}"
