"""Submitted applications of the demo producer: accepted, with the member system, failed, and accepted the second time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import ProducerNumber, User
from clients.membersystem import settle
from clients.membersystem.gateways.base import Answer, Transaction
from clients.membersystem.gateways.simulated import SimulatedGateway
from clients.models import MemberChange, Policy
from enrollment.models import (
    Applicant,
    Application,
    ApplicationLifeEvent,
    ApplicationPlan,
    ApplicationText,
    County,
    Payment,
)
from enrollment.rules import application_days, sep
from enrollment.rules.open_enrollment import first_of_next_month
from enrollment.rules.rating import PersonToRate, Relation
from enrollment.selectors.effective_dates import decide_for
from enrollment.selectors.pricing import HouseholdToRate, price_area
from enrollment.services import submission as service
from portal.common.dates import today_in
from portal.common.numbers import next_number
from portal.demo_data import payments
from portal.demo_data.texts import text_shown

REFUSED = "set 0001 rejected: N3, segment 12: element errors; element 1: too long"


@dataclass(frozen=True, kw_only=True)
class DemoApplication:
    """``people``: relation, first and last name, birth date, sex; ``days_ago`` of the first submission."""

    people: tuple[tuple[str, str, str, date, str], ...]
    days_ago: int
    network: str
    address: str
    phone: str
    then: str  # accepted, waiting, failed or resubmitted
    pays: str = ""  # settled, held, cancelled or failed; empty: Pay Later and nothing else


APPLICATIONS = (
    DemoApplication(
        people=(
            ("self", "Nadia", "Halloran", date(1985, 4, 17), "F"),
            ("spouse", "Piet", "Halloran", date(1983, 9, 2), "M"),
            ("child", "Mila", "Halloran", date(2017, 1, 30), "F"),
        ),
        days_ago=6,
        network="HMO",
        address="418 Sycamore Ct",
        phone="6305550171",
        then="accepted",
        pays="settled",
    ),
    DemoApplication(
        people=(("self", "Desmond", "Achebe", date(1991, 12, 8), "M"),),
        days_ago=0,
        network="PPO",
        address="77 Mill Race Ln",
        phone="6305550172",
        then="waiting",
        pays="held",
    ),
    DemoApplication(
        people=(
            ("self", "Ingrid", "Vasquez", date(1978, 2, 11), "F"),
            ("child", "Leo", "Vasquez", date(2012, 8, 23), "M"),
        ),
        days_ago=3,
        network="PPO",
        address="2200 Old Plank Rd, Building 14, Second Courtyard",
        phone="6305550173",
        then="failed",
        pays="cancelled",
    ),
    DemoApplication(
        people=(
            ("self", "Theo", "Marchetti", date(1969, 6, 5), "M"),
            ("spouse", "Rosa", "Marchetti", date(1970, 10, 19), "F"),
        ),
        days_ago=9,
        network="PPO",
        address="5 Harbor View",
        phone="6305550174",
        then="resubmitted",
        pays="failed",
    ),
)


def add_submissions(*, by: User, now: datetime) -> int:
    """Add them as ``by`` would have submitted them, and return how many; none where catalog or texts are not there."""
    number = ProducerNumber.objects.filter(producer=by.producer, us_state="IL", status="ACTIVE").order_by("id").first()
    county = County.objects.filter(pk="17043").first()
    if number is None or county is None:
        return 0
    count = 0
    for place, one in enumerate(APPLICATIONS):
        at = now - timedelta(days=one.days_ago) + timedelta(hours=9 + place, minutes=17 * place)
        if not one.days_ago:
            at = timezone.now() - timedelta(minutes=2)
        application = _application(one, number, county, by=by, at=at, key=f"demo-submission-{place}")
        if application is None:
            continue
        try:
            _submit(one, application, by=by, at=at)
        except service.NotComplete:
            # The application stays among the incomplete ones; its last step says what is missing.
            continue
        count += 1
    return count


def _submit(one: DemoApplication, application: Application, *, by: User, at: datetime) -> None:
    def submit(number: int, moment: datetime) -> None:
        service.submit(application=application, by=by, at=moment, form_key=f"demo-submission-{number}-of-it")

    submit(1, at)
    paid = _pay(one, application, by=by, at=at + timedelta(minutes=3))
    if one.then == "waiting":
        # Handed over this minute; the answer takes longer than the demo runs.
        waiting = MemberChange.objects.filter(submitted_policies__submission__application=application)
        waiting.update(
            status=MemberChange.Status.SENT, sent_at=timezone.now(), attempts=1, first_tried_at=timezone.now()
        )
    elif one.then == "accepted":
        _answered(application, _taken, at=at + timedelta(hours=4))
    elif one.then in ("failed", "resubmitted"):
        _answered(application, _refused, at=at + timedelta(hours=4))
    if one.then == "resubmitted":
        submit(2, at + timedelta(days=1))
        _answered(application, _taken, at=at + timedelta(days=1, hours=4))
    if one.pays == "settled" and paid is not None:
        payments.tell(paid, "submitted", "settled", at=at + timedelta(hours=4, minutes=5), **payments.BANK)
    elif one.pays == "failed" and paid is not None:
        later = at + timedelta(days=1, hours=4, minutes=5)
        payments.tell(paid, "submitted", "failed", at=later, reason=payments.DECLINED, **payments.CARD)


def _pay(one: DemoApplication, application: Application, *, by: User, at: datetime) -> Payment | None:
    """What the payer did in the Payment Portal right after the first submission."""
    if one.pays == "settled":
        left = payments.start(application, by=by, at=at, is_current=False)
        payments.tell(left, "expired", at=at + timedelta(minutes=1))
    if not one.pays:
        return None
    payment = payments.start(application, by=by, at=at + timedelta(minutes=2))
    when = at + timedelta(minutes=4)
    if one.pays == "settled":
        payments.tell(payment, "scheduled", at=when, autopay=True, **payments.BANK)
    elif one.pays == "cancelled":
        payments.tell(payment, "cancelled", at=when)
    else:
        payments.tell(payment, "scheduled", at=when, **payments.CARD)
    return payment


def _answered(application: Application, reply: Callable[[Transaction], Answer], *, at: datetime) -> None:
    """The member system's answers to what it was told last, each as its own transaction."""
    waiting = MemberChange.objects.filter(
        submitted_policies__submission__application=application, status=MemberChange.Status.PENDING
    )
    for pk in list(waiting.order_by("id").values_list("pk", flat=True)):
        change = settle.with_related().get(pk=pk)
        change.bgn02 = f"ENROLL-DEMO-{pk}"
        change.save(update_fields=["bgn02"])
        told = Transaction(change=change, reference=change.bgn02, resend=False, made_at=at)
        settle.take_answer(pk, reply(told), now=at)


def _taken(told: Transaction) -> Answer:
    (delivery,) = SimulatedGateway().send([told])
    return delivery.answer or Answer(accepted=True, reference=told.reference)


def _refused(told: Transaction) -> Answer:
    return Answer(accepted=False, reference=told.reference, reason=REFUSED)


def _application(
    one: DemoApplication, number: ProducerNumber, county: County, *, by: User, at: datetime, key: str
) -> Application | None:
    today = today_in("IL", now=at)
    first = first_of_next_month(today)
    people = [PersonToRate(Relation(relation), born) for relation, _first, _last, born, _sex in one.people]
    area = price_area(HouseholdToRate(county.fips, first, people), markets=("OFF",))
    medical = [
        row for row in area.offered if row.plan.line == Policy.Line.MEDICAL and row.plan.network_type == one.network
    ]
    dental = [row for row in area.offered if row.plan.line == Policy.Line.DENTAL]
    if not medical or not dental:
        return None
    # Neither the cheapest nor the dearest: what most people take.
    plans = [medical[len(medical) // 2], dental[len(dental) // 2]]
    application = Application.objects.create(
        record_number=f"A-{next_number('enrollment_record_number'):04d}",
        producer_number=number,
        special_enrollment=True,
        effective_date=first,
        form_type=Application.FormType.MEDICAL_DENTAL,
        authorization=Application.Authorization.IN_PERSON,
        terms=text_shown(ApplicationText.Kind.TERMS, "IL", today),
        terms_agreed_at=at,
        terms_agreed_by=by,
        address_1=one.address,
        city="Naperville",
        us_state="IL",
        zip="60563",
        county=county,
        mailing_differs=False,
        phone=one.phone,
        phone_type=Application.PhoneType.MOBILE,
        email=f"{one.people[0][1].lower()}.{one.people[0][2].lower()}@mail.example",
        payment_choice=Application.PaymentChoice.NOW if one.pays else Application.PaymentChoice.LATER,
        last_step="signatures",
        form_key=key,
        created_by=by,
        created_at=at - timedelta(hours=1),
        updated_at=at,
        expires_on=application_days.expires_on(changed_on=today),
    )
    ApplicationLifeEvent.objects.create(application=application, code="LOSS_MEC", event_date=today - timedelta(days=12))
    decision = decide_for(application, today=today)
    application.effective_date, application.decision = decision.effective_date, sep.as_record(decision)
    application.save(update_fields=["effective_date", "decision"])
    Applicant.objects.bulk_create(
        Applicant(
            application=application,
            position=place,
            relation=relation,
            first_name=first_name,
            last_name=last_name,
            date_of_birth=born,
            sex=sex,
            tobacco_use=False,
        )
        for place, (relation, first_name, last_name, born, sex) in enumerate(one.people)
    )
    ApplicationPlan.objects.bulk_create(
        ApplicationPlan(
            application=application,
            plan=row.plan,
            line=row.plan.line,
            monthly_premium=Decimal(row.premium.total),
        )
        for row in plans
    )
    return application
