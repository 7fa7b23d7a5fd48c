"""Applications with every answer there, ready to be submitted."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import ProducerNumber, User
from clients.models import MedicalGroup, Member, Provider
from enrollment.models import (
    Applicant,
    Application,
    ApplicationLifeEvent,
    ApplicationPlan,
    ApplicationText,
    Plan,
    PlanRate,
    QuotePerson,
    Signature,
    ZipCounty,
)
from enrollment.rules import application_days, sep
from enrollment.rules.open_enrollment import first_of_next_month
from enrollment.selectors.effective_dates import decide_for
from portal.common.dates import today_in
from tests.support.factories import CountyFactory, PlanFactory
from tests.support.wizard import load_tables

GROUP, NPI = "124", "1234567893"
MEDICAL_TOTAL, DENTAL_TOTAL = Decimal("886.79"), Decimal("14.87")  # PLN_01


def plan_priced(total: Decimal, *, year: int, **columns) -> Plan:
    """A plan that costs the family of ``ready_application`` exactly ``total``: 1 cent for everybody but the primary."""
    own = total - Decimal("0.02")
    bands = [(0, 20, "0.01"), (21, 38, "0.01"), (39, 999, "1.00")]
    plan = PlanFactory(plan_year=year, rates=bands, **columns)
    small = 10 if plan.line == "DENTAL" else 1
    PlanRate.objects.filter(plan=plan, first_age__lt=39).update(rate=Decimal("0.01"))
    PlanRate.objects.filter(plan=plan, first_age=39).update(rate=own, tobacco_rate=None)
    assert small
    return plan


def terms_of(us_state: str = "IL") -> ApplicationText:
    """A published text of the terms; those that the migrations loaded where there are any."""
    rows = ApplicationText.objects.filter(kind="TERMS", us_state=us_state, published_at__isnull=False)
    return rows.first() or ApplicationText.objects.create(
        kind="TERMS",
        us_state=us_state,
        version="test-1",
        body="ACKNOWLEDGMENTS\n\nEverything is true.",
        sha256="0" * 64,
        published_at=timezone.now(),
    )


def ready_application(number: ProducerNumber, by: User, *, record_number: str = "A-0701", **columns) -> Application:
    """The Leewards of Naperville: Ann (40), Ben (35) and Kim (6) lost their coverage ten days ago.

    A POS plan with PCPs at $886.79 and a dental plan at $14.87, Pay Later, in person, nothing replaced.
    """
    load_tables()
    ZipCounty.objects.get_or_create(zip="60563", county=CountyFactory())
    now = timezone.now()
    today = today_in("IL", now=now)
    first = first_of_next_month(today)
    _directory()
    values = {
        "effective_date": first,
        "special_enrollment": True,
        "form_type": Application.FormType.MEDICAL_DENTAL,
        "authorization": Application.Authorization.IN_PERSON,
        "terms": terms_of(),
        "terms_agreed_at": now,
        "terms_agreed_by": by,
        "address_1": "12 Lake St",
        "address_2": "Apt 4",
        "city": "Naperville",
        "us_state": "IL",
        "zip": "60563",
        "county": CountyFactory(),
        "mailing_differs": False,
        "phone": "6305550142",
        "phone_type": Application.PhoneType.MOBILE,
        "email": "Ann@Example.com",
        "pediatric_dental_elsewhere": False,
        "payment_choice": Application.PaymentChoice.LATER,
        "last_step": "signatures",
    }
    application = Application.objects.create(
        record_number=record_number,
        producer_number=number,
        created_by=by,
        form_key=f"ready-{record_number}",
        expires_on=application_days.expires_on(changed_on=today),
        **{**values, **columns},
    )
    ApplicationLifeEvent.objects.create(application=application, code="LOSS_MEC", event_date=today - timedelta(days=10))
    application.decision = sep.as_record(decide_for(application, today=today))
    application.save(update_fields=["decision"])
    relation, sex = QuotePerson.Relation, QuotePerson.Sex
    born = date(first.year, 1, 1)
    people = [
        (relation.SELF, "Ann", born.replace(year=first.year - 40), sex.FEMALE, "666120001", NPI),
        (relation.SPOUSE, "Ben", born.replace(year=first.year - 35), sex.MALE, None, GROUP),
        (relation.CHILD, "Kim", born.replace(year=first.year - 6), sex.FEMALE, None, ""),
    ]
    Applicant.objects.bulk_create(
        Applicant(
            application=application,
            position=place,
            relation=one,
            first_name=name,
            middle_initial="Q" if place == 0 else "",
            last_name="Leeward",
            date_of_birth=day,
            sex=sex_,
            ssn=ssn,
            tobacco_use=False if place < 2 else None,
            spoken_language="Polish" if place == 0 else "",
            pcp_number=pcp,
        )
        for place, (one, name, day, sex_, ssn, pcp) in enumerate(people)
    )
    plans = [
        (
            plan_priced(
                MEDICAL_TOTAL, year=first.year, name="Silver POS 205", network_type="POS", metal_level=Plan.Metal.SILVER
            ),
            MEDICAL_TOTAL,
        ),
        (plan_priced(DENTAL_TOTAL, year=first.year, dental=True, name="Dental 1A"), DENTAL_TOTAL),
    ]
    ApplicationPlan.objects.bulk_create(
        ApplicationPlan(application=application, plan=plan, line=plan.line, monthly_premium=total)
        for plan, total in plans
    )
    return application


def sign_for(application: Application, role: str, by: User) -> Signature:
    return Signature.objects.create(
        application=application, role=role, first_name="Rae", last_name="Leeward", relationship="Aunt", attested_by=by
    )


def _directory() -> None:
    group, _ = MedicalGroup.objects.get_or_create(
        number=GROUP, us_state="IL", defaults={"name": "Lakeside Group", "effective_date": date(2014, 1, 1)}
    )
    Provider.objects.get_or_create(
        npi=NPI,
        defaults={
            "first_name": "Dana",
            "last_name": "Osei",
            "us_state": "IL",
            "medical_group": group,
            "effective_date": date(2014, 1, 1),
        },
    )


def members_of(application: Application) -> list[Member]:
    """Those the last submission made of the applicants, the primary first."""
    submission = application.submissions.order_by("-number").first()
    policy = submission.submitted_policies.first().policy
    return list(Member.objects.filter(coverages__policy=policy).order_by("id"))
