"""Life events that open special enrollment; those that come with the portal, from enrollment/data/sep/life_events.csv."""

from dataclasses import asdict
from datetime import date

import django.core.validators
import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

from enrollment import shipped

# Since this day special enrollment has no cut-off in mid-month (45 CFR 155.420(b)(1)).
FIRST_DAY = date(2025, 1, 1)


def add_life_events(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    LifeEventKind = apps.get_model("enrollment", "LifeEventKind")
    now = timezone.now()
    # Later versions of the rules may know more about an event than this version of the table.
    columns = {field.name for field in LifeEventKind._meta.get_fields()}
    LifeEventKind.objects.bulk_create(
        LifeEventKind(
            **{name: value for name, value in asdict(row.event).items() if name in columns},
            us_state=row.us_state,
            position=row.position,
            remark=row.remark,
            first_day=FIRST_DAY,
            published_at=now,
        )
        for row in shipped.life_events()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0002_open_enrollment_calendars"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LifeEventKind",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "published_at",
                    models.DateTimeField(blank=True, editable=False, help_text="Empty while it is a draft.", null=True),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(
                        blank=True, editable=False, help_text="When another row took its place.", null=True
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        help_text="Applications are kept with it: LOSS_MEC, BIRTH.",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z][A-Z0-9_]*\\Z", "Capital letters, digits and _, such as LOSS_MEC."
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
                ("position", models.PositiveSmallIntegerField(help_text="Place in the list of life events.")),
                ("group", models.CharField(max_length=20)),
                ("label", models.CharField(max_length=160)),
                (
                    "date_label",
                    models.CharField(help_text="What the Date of Event means for this life event.", max_length=60),
                ),
                (
                    "off_exchange",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("option", "No: left open by the law and not chosen")],
                        max_length=6,
                    ),
                ),
                (
                    "on_exchange",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("option", "No: left open by the law and not chosen")],
                        max_length=6,
                    ),
                ),
                (
                    "days_before",
                    models.PositiveSmallIntegerField(
                        help_text="Days before the event on which the window opens, inclusive.",
                        validators=[django.core.validators.MaxValueValidator(366)],
                    ),
                ),
                (
                    "days_after",
                    models.PositiveSmallIntegerField(
                        help_text="Days after the event with which the window closes, inclusive.",
                        validators=[django.core.validators.MaxValueValidator(366)],
                    ),
                ),
                (
                    "days_after_if_notice_due",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="The same on exchange where the employer owed a notice of 90 days; empty: no difference.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(366)],
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            (
                                "later_of_event_or_application",
                                "R1: first of the month after the later of event and application",
                            ),
                            ("event_date", "R2: day of the event"),
                            ("after_application", "R3: first of the month after the application"),
                            ("hra_start", "R4: day the HRA starts, or the first of the next month"),
                            ("manual_review", "R5: set case by case"),
                            ("not_available", "None: opens no special enrollment"),
                        ],
                        max_length=30,
                        verbose_name="effective date",
                    ),
                ),
                (
                    "elect_after_application",
                    models.BooleanField(
                        default=False, verbose_name="may choose the first of the month after the application"
                    ),
                ),
                (
                    "elect_after_event",
                    models.BooleanField(
                        default=False, verbose_name="may choose the first of the month after the event"
                    ),
                ),
                (
                    "midmonth",
                    models.BooleanField(
                        default=False,
                        help_text="When applied before that month: coverage begins with the month in which the other coverage ends.",
                        verbose_name="first of the month of the event",
                    ),
                ),
                (
                    "needs_prior_coverage",
                    models.BooleanField(default=False, help_text="One day of coverage in the 60 days before."),
                ),
                ("once_a_year", models.BooleanField(default=False, verbose_name="once in a calendar year")),
                ("review", models.BooleanField(default=False, verbose_name="date set by review")),
                ("evidence", models.CharField(blank=True, help_text="What is usually asked as proof.", max_length=250)),
                ("note", models.CharField(blank=True, help_text="Shown with the effective date.", max_length=200)),
                (
                    "remark",
                    models.CharField(
                        blank=True, help_text="For the carrier's staff: what is left open.", max_length=300
                    ),
                ),
                ("citation", models.CharField(help_text="Where the trigger stands in the law.", max_length=160)),
                ("first_day", models.DateField(help_text="First day in force for applications, inclusive.")),
                (
                    "last_day",
                    models.DateField(
                        blank=True,
                        help_text="Last day in force for applications, inclusive; empty for open.",
                        null=True,
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        help_text="Empty for what came with the portal.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["position", "code", "us_state", "first_day"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("published_at__isnull", False), ("withdrawn_at__isnull", True)),
                        fields=("code", "us_state", "first_day"),
                        name="life_event_kind_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_day__isnull", True), ("last_day__gte", models.F("first_day")), _connector="OR"
                        ),
                        name="life_event_kind_days_in_order",
                    ),
                ],
            },
        ),
        migrations.RunPython(add_life_events, migrations.RunPython.noop, elidable=False),
    ]
