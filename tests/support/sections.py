"""Saving sections of an application as their pages do, without the pages."""

from typing import Any

from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from enrollment.models import Applicant, Application
from enrollment.services import drafts
from enrollment.services.drafts import Saved
from enrollment.wizard.completeness import missing_on
from enrollment.wizard.sections import CardSection, WizardContext
from enrollment.wizard.steps import step_of
from portal.common import form_keys


def sent(section: str, values: dict[str, Any], **more: Any) -> QueryDict:
    """What a browser sends for a section's fields."""
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data.setlist(f"{section}-{name}", value if isinstance(value, list) else [value])
    for name, value in more.items():
        data[name] = value
    return data


def wizard_of(application: Application, user: User) -> WizardContext:
    return WizardContext(Application.objects.get(pk=application.pk), user, timezone.now())


def save(application: Application, user: User, step: str, section: str, *, do: str = "", **values: Any) -> Saved:
    """Save one section of a step; ``do`` presses one of its buttons."""
    saved = drafts.save_step(
        application=application,
        step=step_of(step),
        data=sent(section, values, sections=section),
        by=user,
        at=timezone.now(),
        form_key=form_keys.new_key(),
        seen="",
        verb=(section, do) if do else None,
    )
    application.refresh_from_db()
    return saved


def save_card(
    application: Application, user: User, cards: Any, pk: int | None = None, **values: Any
) -> tuple[Saved, CardSection]:
    """Press Save on the page of a card."""
    return drafts.save_card(
        application=application,
        step=step_of("household"),
        cards=cards,
        pk=pk,
        data=sent(cards.form_class.name, values),
        by=user,
        at=timezone.now(),
        form_key=form_keys.new_key(),
        seen="",
    )


def lacking(application: Application, user: User, step: str, section: str) -> dict[str, str]:
    """What is missing in a section, by field."""
    found = missing_on(step_of(step), wizard_of(application, user))
    return {one.field: one.sentence for one in found if one.section == section}


def primary(application: Application) -> Applicant:
    return application.applicants.get(position=0)
