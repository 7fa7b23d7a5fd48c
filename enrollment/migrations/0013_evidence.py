"""Proof of life events: what is asked for, from enrollment/data/sep/evidence_kinds.csv, and what was sent."""

from dataclasses import asdict
from datetime import date

import django.core.validators
import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from enrollment import shipped

# The life events that come with the portal are in force since this day.
FIRST_DAY = date(2025, 1, 1)


def add_evidence_kinds(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    EvidenceKind = apps.get_model("enrollment", "EvidenceKind")
    # Later versions of the rules may know more about a slot than this version of the table.
    columns = {field.name for field in EvidenceKind._meta.get_fields()}
    EvidenceKind.objects.bulk_create(
        EvidenceKind(
            **{name: value for name, value in asdict(slot).items() if name in columns},
            position=place * 10,
            first_day=FIRST_DAY,
        )
        for place, slot in enumerate(shipped.evidence_slots(), start=1)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("ecomm", "0003_document_types"),
        ("enrollment", "0012_submissions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EvidenceKind",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "event_code",
                    models.CharField(
                        help_text="Code of the life event: BIRTH.",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z][A-Z0-9_]*\\Z", "Capital letters, digits and _, such as LOSS_MEC."
                            )
                        ],
                        verbose_name="life event",
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        help_text="Names the slot: birth_certificate.",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z][a-z0-9_]*\\Z", "Small letters, digits and _, such as birth_certificate."
                            )
                        ],
                    ),
                ),
                (
                    "us_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Every state"),
                            ("IL", "Illinois"),
                            ("MT", "Montana"),
                            ("NM", "New Mexico"),
                            ("OK", "Oklahoma"),
                            ("TX", "Texas"),
                        ],
                        max_length=2,
                        verbose_name="state",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=100, help_text="Place in the list.")),
                ("label", models.CharField(max_length=120)),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        help_text="What the paper has to show; the words attested to, for an attestation.",
                        max_length=250,
                    ),
                ),
                (
                    "asks",
                    models.CharField(
                        choices=[("PAPER", "Papers"), ("ATTESTATION", "Attestation")],
                        default="PAPER",
                        max_length=11,
                        verbose_name="asked for as",
                    ),
                ),
                ("required", models.BooleanField(default=True, help_text="Off: welcome, never late.")),
                (
                    "one_of",
                    models.CharField(
                        blank=True,
                        help_text="Heading shared by the slots of which one is enough; empty: asked for by itself.",
                        max_length=80,
                        verbose_name="one of",
                    ),
                ),
                (
                    "due_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Days after submission until it is due, inclusive; empty: as set for the portal (EVIDENCE_DUE_DAYS).",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(365),
                        ],
                    ),
                ),
                (
                    "unless_exempt",
                    models.BooleanField(
                        default=False,
                        help_text="Left out where prior coverage was answered Exempt.",
                        verbose_name="not with exemption",
                    ),
                ),
                ("first_day", models.DateField(help_text="First day in force for applications, inclusive.")),
                (
                    "last_day",
                    models.DateField(
                        blank=True,
                        help_text="Last day in force for applications, inclusive; empty for open.",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["position", "event_code", "code", "us_state", "first_day"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event_code", "code", "us_state", "first_day"), name="evidence_kind_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_day__isnull", True), ("last_day__gte", models.F("first_day")), _connector="OR"
                        ),
                        name="evidence_kind_days_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("one_of", ""), ("required", True), _connector="OR"),
                        name="evidence_kind_one_of_what_must_be",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EvidenceItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_code", models.CharField(max_length=40, verbose_name="life event")),
                ("code", models.CharField(max_length=40, verbose_name="slot")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WANTED", "Wanted"),
                            ("SENT", "Sent"),
                            ("ACCEPTED", "Accepted"),
                            ("REJECTED", "Rejected"),
                            ("WAIVED", "Waived"),
                        ],
                        default="WANTED",
                        max_length=8,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        help_text="Why it was rejected or waived; those who work on the application read it.",
                        max_length=500,
                    ),
                ),
                (
                    "due_on",
                    models.DateField(
                        blank=True,
                        help_text="Last day in time, inclusive; empty before the submission.",
                        null=True,
                        verbose_name="due",
                    ),
                ),
                (
                    "dropped",
                    models.BooleanField(
                        default=False,
                        help_text="Its life event was taken out of the application.",
                        verbose_name="no longer asked for",
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("attested_at", models.DateTimeField(blank=True, null=True)),
                (
                    "attested_text",
                    models.CharField(blank=True, help_text="The words attested to, as they stood.", max_length=250),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence_items",
                        to="enrollment.application",
                    ),
                ),
                (
                    "attested_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who said so.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Nobody where the portal itself decided, as for malware.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "kind",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="enrollment.evidencekind"
                    ),
                ),
            ],
            options={
                "ordering": ["application", "kind__position", "id"],
            },
        ),
        migrations.CreateModel(
            name="EvidencePaper",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="ecomm.documentsubmission",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="papers", to="enrollment.evidenceitem"
                    ),
                ),
            ],
            options={
                "ordering": ["item", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="evidenceitem",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        ["REJECTED", "WANTED"],
                    )
                ),
                fields=["due_on", "id"],
                name="evidence_by_due_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidenceitem",
            constraint=models.UniqueConstraint(fields=("application", "event_code", "code"), name="evidence_item_once"),
        ),
        migrations.AddConstraint(
            model_name="evidenceitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["REJECTED", "WAIVED"]), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="evidence_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidenceitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("attested_at__isnull", True), ("attested_by__isnull", True), ("attested_text", "")),
                    models.Q(
                        ("attested_at__isnull", False),
                        ("attested_by__isnull", False),
                        models.Q(("attested_text", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="evidence_attested_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidenceitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ACCEPTED"), _negated=True),
                    ("decided_at__isnull", False),
                    ("attested_at__isnull", False),
                    _connector="OR",
                ),
                name="evidence_accepted_or_attested",
            ),
        ),
        migrations.RunPython(add_evidence_kinds, migrations.RunPython.noop, elidable=False),
    ]
