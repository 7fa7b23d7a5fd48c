"""Applications: started from a quote or anew, withdrawn and brought back while they are drafts (QUO_06, LST_01)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import ProducerNumber, User
from clients.models import Policy
from enrollment.models import Applicant, Application, ApplicationPlan, Quote, QuotePerson, QuotePlan
from enrollment.rules import application_days
from enrollment.selectors.quotes import SelectedPlan
from portal.common import audit
from portal.common.dates import today_in
from portal.common.numbers import next_number

SEQUENCE = "enrollment_record_number"
Status = Application.Status


class AlreadyStarted(Exception):
    """An incomplete application of the quote exists; ``application`` is the one last worked on (QUO_06)."""

    def __init__(self, application: Application) -> None:
        self.application = application
        super().__init__(f"Application {application.record_number} has been started for this quote.")


class CannotStart(Exception):
    """The plans cannot be applied for as they were quoted; the text is fit to show and says what to do."""


class NotADraft(Exception):
    """Only incomplete applications can be withdrawn, and only withdrawn ones brought back."""


def resumable(quote: Quote, *, today: date) -> Application | None:
    """The incomplete application of the quote that was last worked on and has not expired."""
    drafts = Application.objects.filter(quote=quote, status=Status.INCOMPLETE, withdrawn_at=None, expires_on__gte=today)
    return drafts.order_by("-updated_at", "-id").first()


@transaction.atomic
def start(
    *,
    quote: Quote,
    people: Sequence[QuotePerson],
    plans: Sequence[SelectedPlan],
    by: User,
    at: datetime,
    form_key: str,
    anew: bool = False,
    shown: Decimal | None = None,
) -> Application:
    """Begin an application for the quote's household and ``plans`` at the prices that were quoted.

    However often one form arrives (``form_key``) it is one application. Raises ``AlreadyStarted`` when there is an
    incomplete one of this quote, unless the person wants another (``anew``); ``CannotStart`` for a plan that is not sold
    off the exchange, has no price any more, or when the plans cost something else together than was ``shown`` (without
    it: than the quote keeps): nobody applies for a price unseen. The quote keeps the prices applied for.
    """
    # Two forms of one quote take turns here, so that the second is asked what it wants.
    Quote.objects.select_for_update().get(pk=quote.pk)
    key = f"{by.pk}:{form_key}"
    made_before = Application.objects.filter(form_key=key, quote=quote).first()
    if made_before is not None:
        return made_before
    today = today_in(quote.county.us_state, now=at)
    draft = None if anew else resumable(quote, today=today)
    if draft is not None:
        raise AlreadyStarted(draft)
    _check(plans, shown)
    application = Application.objects.create(
        record_number=f"A-{next_number(SEQUENCE):04d}",
        producer_number=quote.producer_number,
        quote=quote,
        member_id=quote.member_id,
        form_type=_form_type(plans),
        effective_date=quote.effective_date,
        zip=quote.zip,
        county=quote.county,
        us_state=quote.county.us_state,
        form_key=key,
        created_by=by,
        created_at=at,
        updated_at=at,
        expires_on=application_days.expires_on(changed_on=today),
    )
    for one in plans:
        if one.changed and one.premium is not None:
            one.row.monthly_premium = one.premium.total
            one.row.save(update_fields=["monthly_premium"])
    Applicant.objects.bulk_create(
        Applicant(
            application=application,
            position=place,
            relation=person.relation,
            first_name=person.first_name,
            last_name=person.last_name,
            date_of_birth=person.date_of_birth,
            sex=person.sex,
            tobacco_use=person.tobacco,
        )
        for place, person in enumerate(people)
    )
    ApplicationPlan.objects.bulk_create(
        ApplicationPlan(
            application=application, plan=one.row.plan, line=one.row.plan.line, monthly_premium=one.row.monthly_premium
        )
        for one in plans
    )
    _record("application.started", application, by, plans=len(plans), people=len(people))
    return application


@transaction.atomic
def start_new(*, number: ProducerNumber, by: User, at: datetime, form_key: str) -> Application:
    """Begin an application without a quote under ``number``, which is one the person may write under (WIZ_01, WIZ_05).

    However often one form arrives (``form_key``) it is one application. The state is the number's.
    """
    key = f"{by.pk}:{form_key}"
    # Two arrivals of one form take turns; the second finds what the first has made.
    ProducerNumber.objects.select_for_update(of=("self",)).get(pk=number.pk)
    made_before = Application.objects.filter(form_key=key).first()
    if made_before is not None:
        return made_before
    application = Application.objects.create(
        record_number=f"A-{next_number(SEQUENCE):04d}",
        producer_number=number,
        us_state=number.us_state,
        form_key=key,
        created_by=by,
        created_at=at,
        updated_at=at,
        expires_on=application_days.expires_on(changed_on=today_in(number.us_state, now=at)),
    )
    Applicant.objects.create(application=application, position=0, relation=QuotePerson.Relation.SELF)
    _record("application.started", application, by, plans=0, people=1)
    return application


def _form_type(plans: Sequence[SelectedPlan]) -> str:
    """What is applied for with these plans (AUT_02)."""
    medical = any(one.row.plan.line == Policy.Line.MEDICAL for one in plans)
    return Application.FormType.MEDICAL_DENTAL if medical else Application.FormType.DENTAL


def _check(plans: Sequence[SelectedPlan], shown: Decimal | None) -> None:
    if not plans or any(one.row.market != QuotePlan.Market.OFF for one in plans):
        raise CannotStart("Only plans off the exchange can be applied for here.")
    total = Decimal("0.00")
    for one in plans:
        if one.premium is None:
            raise CannotStart(one.reason)
        total += one.premium.total
    expected = sum((one.row.monthly_premium for one in plans), Decimal("0.00")) if shown is None else shown
    if total != expected:
        raise CannotStart(
            f"The monthly premium has changed since it was shown, from ${expected:,.2f} to ${total:,.2f}. Nothing was "
            "started: review the plans once more."
        )


@transaction.atomic
def withdraw(*, application: Application, by: User, at: datetime) -> None:
    """Take a draft off the list; it can be brought back. Raises ``NotADraft``."""
    locked = _lock(application)
    if locked.status != Status.INCOMPLETE or locked.withdrawn_at is not None:
        raise NotADraft("Only an incomplete application can be withdrawn.")
    locked.withdrawn_at, locked.withdrawn_by = at, by
    locked.save(update_fields=["withdrawn_at", "withdrawn_by"])
    _record("application.withdrawn", locked, by)


@transaction.atomic
def restore(*, application: Application, by: User) -> None:
    """Bring a withdrawn draft back, with the number and the expiration date it had. Raises ``NotADraft``."""
    locked = _lock(application)
    if locked.withdrawn_at is None:
        raise NotADraft("This application is not withdrawn.")
    locked.withdrawn_at = locked.withdrawn_by = None
    locked.save(update_fields=["withdrawn_at", "withdrawn_by"])
    _record("application.restored", locked, by)


def _lock(application: Application) -> Application:
    rows = Application.objects.select_for_update(of=("self",)).select_related("producer_number__producer")
    return rows.get(pk=application.pk)


def record_viewed(application: Application, *, by: User) -> None:
    _record("application.viewed", application, by)


def _record(action: str, application: Application, by: User, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        for_producer=application.producer_number.producer.npn,
        object_type="application",
        object_id=application.record_number,
        details=details,
    )
