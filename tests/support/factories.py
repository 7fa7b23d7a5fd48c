"""Makers of rows, with traits in trade words. A test states only what matters to it."""

from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

import factory
from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import DelegateGrant, DelegateInvitation, HierarchyEdge, Producer, ProducerNumber, User
from clients.models import Account, ContactPoint, Coverage, Member, Policy, Prospect
from clients.rules.names import name_key
from ecomm.models import EQuestion, EQuestionMessage, IssueReport
from enrollment.models import (
    Applicant,
    Application,
    ApplicationPlan,
    County,
    Plan,
    PlanRate,
    Quote,
    QuotePerson,
    QuotePlan,
    RatingArea,
    ServiceArea,
)
from portal.common.access import DelegateScope
from portal.common.content.models import NewsItem, Resource, TrainingCompletion, TrainingCourse
from portal.common.files.models import StoredFile
from portal.common.files.store import keep
from portal.common.files.uploads import CheckedFile

PASSWORD = "Harbor#Kite58"


class ProducerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Producer
        skip_postgeneration_save = True

    npn = factory.Sequence(lambda n: f"{7000000 + n}")
    first_name = "Rita"
    last_name = factory.Sequence(lambda n: f"Solberg{n}")
    status = Producer.Status.ACTIVE
    record_email = factory.LazyAttribute(lambda o: f"{o.npn}@record.example")
    record_mobile = ""

    @factory.post_generation
    def closure(self, create, extracted, **kwargs):
        """Edges to itself and to everybody above, as the hierarchy service keeps them."""
        if not create:
            return
        HierarchyEdge.objects.create(ancestor=self, descendant=self, depth=0)
        if self.parent_id:
            HierarchyEdge.objects.bulk_create(
                HierarchyEdge(ancestor_id=edge.ancestor_id, descendant=self, depth=edge.depth + 1)
                for edge in HierarchyEdge.objects.filter(descendant_id=self.parent_id)
            )


class ProducerNumberFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProducerNumber

    number = factory.Sequence(lambda n: f"{100000000 + n}")
    producer = factory.SubFactory(ProducerFactory)
    us_state = "IL"
    company_name = "Harbor Benefits"
    zip = "60601"


class UserFactory(factory.django.DjangoModelFactory):
    """A producer by default; ``delegate=True``, ``carrier_admin=True`` or ``clerk=True`` with a ``staff_role`` for the others."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        delegate = factory.Trait(role=User.Role.DELEGATE, producer=None)
        carrier_admin = factory.Trait(role=User.Role.CARRIER_ADMIN, producer=None, is_staff=True, is_superuser=True)
        clerk = factory.Trait(role=User.Role.CARRIER_ADMIN, producer=None, is_staff=True)

    username = factory.Sequence(lambda n: f"person{1000 + n}")
    first_name = "Rita"
    last_name = "Solberg"
    email = factory.LazyAttribute(lambda o: f"{o.username}@people.example")
    role = User.Role.PRODUCER
    producer = factory.SubFactory(ProducerFactory)
    email_confirmed_at = factory.LazyFunction(timezone.now)
    typing_choice = User.TypingChoice.SKIPPED  # else every login would lead to the typing page first
    tour = User.Tour.FINISHED  # else every Home would offer it

    password = PASSWORD

    @classmethod
    def _adjust_kwargs(cls, **kwargs):
        return {**kwargs, "password": make_password(kwargs["password"])}


class DelegateGrantFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DelegateGrant

    producer = factory.SubFactory(ProducerFactory)
    delegate = factory.SubFactory(UserFactory, delegate=True)
    scopes = factory.LazyFunction(lambda: [DelegateScope.VIEW.value])
    first_day = factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=30))


class DelegateInvitationFactory(factory.django.DjangoModelFactory):
    """An invitation that waits; nobody knows its link."""

    class Meta:
        model = DelegateInvitation

    producer = factory.SubFactory(ProducerFactory)
    first_name = "Nora"
    last_name = "Quill"
    email = factory.Sequence(lambda n: f"nora{n}@people.example")
    scopes = factory.LazyFunction(lambda: [DelegateScope.VIEW.value])
    first_day = factory.LazyFunction(timezone.localdate)
    token_hash = factory.Sequence(lambda n: f"{n:064d}")
    invited_by = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=7))


class AccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Account

    number = factory.Sequence(lambda n: f"{730000000 + n}")
    address_1 = "1489 E Ogden Ave"
    city = "Naperville"
    us_state = "IL"
    zip = "60563"
    as_of = factory.LazyFunction(timezone.now)


class MemberFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Member

    account = factory.SubFactory(AccountFactory)
    role = Member.Role.PRIMARY
    member_id = factory.Sequence(lambda n: f"{900000000000 + n}")
    first_name = "Tanya"
    last_name = "Washington"
    date_of_birth = date(1980, 5, 17)
    sex = Member.Sex.FEMALE
    ssn = factory.Sequence(lambda n: f"9{n % 100:02d}{n % 97:02d}{1000 + n % 9000:04d}")


class ContactPointFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ContactPoint

    member = factory.SubFactory(MemberFactory)
    kind = ContactPoint.Kind.HOME
    value = "3125550142"


class PolicyFactory(factory.django.DjangoModelFactory):
    """An active off-exchange medical PPO with its primary insured and coverage; traits give the other states."""

    class Meta:
        model = Policy
        skip_postgeneration_save = True

    class Params:
        today = factory.LazyFunction(timezone.localdate)
        primary = factory.SubFactory(MemberFactory)
        in_grace = factory.Trait(
            status=Policy.Status.GRACE,
            market=Policy.Market.ON,
            aptc_amount=Decimal("100.00"),
            paid_to_date=factory.LazyAttribute(lambda o: o.today - timedelta(days=10)),
            grace_started_on=factory.LazyAttribute(lambda o: o.today - timedelta(days=10)),
            past_due=Decimal("312.55"),
        )
        termed = factory.Trait(
            status=Policy.Status.TERMED, term_date=factory.LazyAttribute(lambda o: o.today - timedelta(days=12))
        )
        future = factory.Trait(
            status=Policy.Status.FUTURE, effective_date=factory.LazyAttribute(lambda o: o.today + timedelta(days=20))
        )
        unpaid = factory.Trait(status=Policy.Status.INITIAL_PAYMENT_DUE, binder_paid=False, paid_to_date=None)
        cancelled = factory.Trait(
            status=Policy.Status.CANCELLED, binder_paid=False, term_date=factory.SelfAttribute("effective_date")
        )
        dental = factory.Trait(
            line=Policy.Line.DENTAL, product_name="Summit Dental 1B", group_number="DI2202", network_type=""
        )

    account = factory.LazyAttribute(lambda o: o.primary.account)
    producer_number = factory.SubFactory(ProducerNumberFactory)
    eapp_number = factory.Sequence(lambda n: f"01{1000000 + n:08d}")
    group_number = "IB2121"
    product_name = "Prairie Summit Bronze PPO 502"
    line = Policy.Line.MEDICAL
    market = Policy.Market.OFF
    network_type = Policy.Network.PPO
    us_state = "IL"
    member_count = 1
    effective_date = factory.LazyAttribute(lambda o: o.today - timedelta(days=200))
    paid_to_date = factory.LazyAttribute(lambda o: o.today + timedelta(days=10))
    monthly_premium = Decimal("412.55")
    status = Policy.Status.ACTIVE
    insured_last_name = factory.LazyAttribute(lambda o: o.primary.last_name)
    insured_first_name = factory.LazyAttribute(lambda o: o.primary.first_name)
    insured_last_key = factory.LazyAttribute(lambda o: name_key(o.insured_last_name))
    insured_first_key = factory.LazyAttribute(lambda o: name_key(o.insured_first_name))
    insured_date_of_birth = factory.LazyAttribute(lambda o: o.primary.date_of_birth)
    insured_ssn_digest = factory.LazyAttribute(lambda o: o.primary.ssn_last4_digest)
    insured_zip = factory.LazyAttribute(lambda o: o.primary.account.zip)

    @factory.post_generation
    def coverage(self, create, extracted, **kwargs):
        """Cover the primary insured, and whoever a test passes as ``coverage=[...]``."""
        if not create:
            return
        primary = Member.objects.get(account_id=self.account_id, role=Member.Role.PRIMARY)
        for member in [primary, *(extracted or [])]:
            Coverage.objects.create(
                member=member, policy=self, effective_date=self.effective_date, term_date=self.term_date
            )


class ProspectFactory(factory.django.DjangoModelFactory):
    """A lead of a producer's own, with a phone, a cell phone and an email address."""

    class Meta:
        model = Prospect

    class Params:
        deleted = factory.Trait(
            deleted_at=factory.LazyFunction(timezone.now), deleted_by=factory.SelfAttribute("created_by")
        )

    created_by = factory.SubFactory(UserFactory)
    producer = factory.LazyAttribute(lambda o: o.created_by.producer)
    first_name = "Ann"
    last_name = factory.Sequence(lambda n: f"Leeward{n}")
    city = "Naperville"
    us_state = "IL"
    zip = "60563"
    phone = factory.Sequence(lambda n: f"312555{2000 + n % 8000:04d}")
    cell_phone = factory.Sequence(lambda n: f"630555{2000 + n % 8000:04d}")
    email = factory.Sequence(lambda n: f"ann{n}@people.example")


class EQuestionFactory(factory.django.DjangoModelFactory):
    """A general question of the producer's own that waits; traits make it a client's, or answered a day later."""

    class Meta:
        model = EQuestion
        skip_postgeneration_save = True

    class Params:
        of_member = factory.Trait(
            kind=EQuestion.Kind.MEMBER,
            client_first_name="John",
            client_middle_initial="Q",
            client_last_name="Public",
            client_id="1231231234",
        )
        answered = factory.Trait(
            status=EQuestion.Status.ANSWERED,
            responded_at=factory.LazyAttribute(lambda o: o.submitted_at + timedelta(days=1)),
            first_responded_at=factory.LazyAttribute(lambda o: o.submitted_at + timedelta(days=1)),
        )

    number = factory.Sequence(lambda n: 90000 + n)
    kind = EQuestion.Kind.GENERAL
    subject = "Commission schedule"
    asked_by = factory.SubFactory(UserFactory)
    producer = factory.LazyAttribute(lambda o: o.asked_by.producer)
    submitted_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=2))
    last_opened_at = factory.SelfAttribute("submitted_at")
    form_key = factory.Sequence(lambda n: f"test-question-{n}")

    @factory.post_generation
    def text(self, create, extracted, **kwargs):
        """The question itself, and the answer of an answered one (by ``text__by``, somebody of the carrier's)."""
        if not create:
            return
        EQuestionMessage.objects.create(
            question=self,
            author=self.asked_by,
            text=extracted or "When is the new schedule sent out?",
            sent_at=self.submitted_at,
            form_key=f"{self.form_key}-q",
        )
        if self.responded_at and "by" in kwargs:
            EQuestionMessage.objects.create(
                question=self,
                author=kwargs["by"],
                from_carrier=True,
                text="It was mailed on Monday.",
                sent_at=self.responded_at,
                form_key=f"{self.form_key}-a",
            )


class IssueReportFactory(factory.django.DjangoModelFactory):
    """A new report without a screenshot; nobody has been told of it."""

    class Meta:
        model = IssueReport

    class Params:
        closed = factory.Trait(
            status=IssueReport.Status.CLOSED,
            answer="It has been repaired.",
            closed_at=factory.LazyFunction(timezone.now),
            closed_by=factory.SubFactory(UserFactory, carrier_admin=True),
        )

    number = factory.Sequence(lambda n: 900_000 + n)
    reported_by = factory.SubFactory(UserFactory)
    email = "office@harbor.example"
    description = "The page said that something went wrong."
    steps = "Opened the client's page."
    agent = "Rita Solberg"
    product = IssueReport.Product.ACA_MEDICAL
    us_state = "IL"
    happened_at = factory.LazyFunction(timezone.now)
    form_key = factory.Sequence(lambda n: f"test:{n}")


class ResourceFactory(factory.django.DjangoModelFactory):
    """A link for every state; ``with_file=True`` makes it a form with a file that can be downloaded."""

    class Meta:
        model = Resource

    class Params:
        with_file = factory.Trait(
            kind=Resource.Kind.FORM, url="", file=factory.LazyAttribute(lambda o: stored_file(f"{o.title}.pdf"))
        )

    kind = Resource.Kind.LINK
    title = factory.Sequence(lambda n: f"Resource {n}")
    url = "https://elsewhere.example/page"


class NewsItemFactory(factory.django.DjangoModelFactory):
    """An item published an hour ago for every state."""

    class Meta:
        model = NewsItem

    class Params:
        draft = factory.Trait(published_at=None)
        withdrawn = factory.Trait(withdrawn_at=factory.LazyFunction(timezone.now))

    title = factory.Sequence(lambda n: f"Piece of news {n}")
    slug = factory.Sequence(lambda n: f"piece-of-news-{n}")
    summary = "What it is about."
    body = "Words."
    published_at = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))


class TrainingCourseFactory(factory.django.DjangoModelFactory):
    """A course everybody can take, without end."""

    class Meta:
        model = TrainingCourse

    code = factory.Sequence(lambda n: f"course-{n}")
    title = factory.Sequence(lambda n: f"Course {n}")


class TrainingCompletionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TrainingCompletion

    course = factory.SubFactory(TrainingCourseFactory)
    user = factory.SubFactory(UserFactory)
    completed_on = factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=10))


class CountyFactory(factory.django.DjangoModelFactory):
    """DuPage County, Illinois, in rating area 1 since ever."""

    class Meta:
        model = County
        django_get_or_create = ("fips",)
        skip_postgeneration_save = True

    fips = "17043"
    us_state = "IL"
    name = "DuPage"

    @factory.post_generation
    def area(self, create, extracted, **kwargs):
        if create:
            RatingArea.objects.get_or_create(
                county=self, first_day=date(2014, 1, 1), defaults={"number": extracted or 1}
            )


class ServiceAreaFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ServiceArea
        django_get_or_create = ("plan_year", "us_state", "code")
        skip_postgeneration_save = True

    plan_year = factory.LazyFunction(lambda: timezone.localdate().year + 1)
    us_state = "IL"
    code = factory.LazyAttribute(lambda o: f"{o.us_state}S001")

    @factory.post_generation
    def counties(self, create, extracted, **kwargs):
        if create:
            self.counties.add(*(extracted or [CountyFactory(us_state=self.us_state)]))


class PlanFactory(factory.django.DjangoModelFactory):
    """A medical PPO of next year, sold on and off the exchange, at $100.00 under 21, $300.00 from 21, $900.00 from 64.

    Tobacco users of 21 and over pay half as much again. ``dental=True`` makes it a dental plan at a tenth of that.
    """

    class Meta:
        model = Plan
        skip_postgeneration_save = True

    class Params:
        dental = factory.Trait(
            line=Policy.Line.DENTAL,
            metal_level=Plan.Metal.LOW,
            name=factory.Sequence(lambda n: f"Summit Dental {n}"),
            hsa_eligible=None,
            dental_annual_max=Decimal("1500.00"),
        )

    plan_year = factory.LazyFunction(lambda: timezone.localdate().year + 1)
    us_state = "IL"
    plan_id = factory.LazyAttributeSequence(lambda o, n: f"99999{o.us_state}{1000000 + n}")
    issuer_id = "99999"
    issuer_name = "Prairie Summit"
    name = factory.Sequence(lambda n: f"Summit Silver PPO {n}")
    line = Policy.Line.MEDICAL
    metal_level = Plan.Metal.SILVER
    network_type = Policy.Network.PPO
    on_exchange = True
    off_exchange = True
    hsa_eligible = False
    service_area = factory.LazyAttribute(lambda o: ServiceAreaFactory(plan_year=o.plan_year, us_state=o.us_state))
    deductible_individual = Decimal("3000.00")
    deductible_family = Decimal("6000.00")
    moop_individual = Decimal("8500.00")
    moop_family = Decimal("17000.00")
    primary_care = "$35"
    specialist = "$70"
    emergency_room = "$500 copay, then 30%"
    generic_drugs = "$10"

    @factory.post_generation
    def rates(self, create, extracted, **kwargs):
        """Bands as (first age, last age, rate); a test may pass its own, or none at all."""
        if not create:
            return
        small = 10 if self.line == Policy.Line.DENTAL else 1
        bands = [(0, 20, "100.00"), (21, 63, "300.00"), (64, 999, "900.00")] if extracted is None else extracted
        PlanRate.objects.bulk_create(
            PlanRate(
                plan=self,
                rating_area=1,
                first_age=first,
                last_age=last,
                rate=Decimal(rate) / small,
                tobacco_rate=Decimal(rate) / small * Decimal("1.5") if first > 20 else None,
            )
            for first, last, rate in bands
        )


class QuoteFactory(factory.django.DjangoModelFactory):
    """A saved quote for Ann Leeward of DuPage County from 1 January, on both markets, without plans.

    ``people=[("spouse", date(...)), ("child", date(...))]`` adds members of the household.
    """

    class Meta:
        model = Quote
        skip_postgeneration_save = True

    class Params:
        draft = factory.Trait(name="", saved_at=None)
        expired = factory.Trait(expires_on=factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=1)))
        deleted = factory.Trait(
            deleted_at=factory.LazyFunction(timezone.now), deleted_by=factory.SelfAttribute("created_by")
        )

    producer_number = factory.SubFactory(ProducerNumberFactory)
    created_by = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Quote {n}")
    saved_at = factory.LazyFunction(timezone.now)
    zip = "60563"
    county = factory.SubFactory(CountyFactory)
    market = Quote.Market.BOTH
    reason = Quote.Reason.OPEN_ENROLLMENT
    effective_date = factory.LazyFunction(lambda: date(timezone.localdate().year + 1, 1, 1))
    form_key = factory.Sequence(lambda n: f"test-quote-{n:08d}")
    expires_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=60))

    @factory.post_generation
    def people(self, create, extracted, **kwargs):
        """The primary applicant (``people__date_of_birth=``, ...) and whoever else is passed as (relation, birth date)."""
        if not create:
            return
        QuotePersonFactory(quote=self, **kwargs)
        for position, (relation, born) in enumerate(extracted or (), start=1):
            QuotePersonFactory(
                quote=self, position=position, relation=relation, first_name="", last_name="", date_of_birth=born
            )


class QuotePersonFactory(factory.django.DjangoModelFactory):
    """The primary applicant; a test names another position and relation."""

    class Meta:
        model = QuotePerson

    quote = factory.SubFactory(QuoteFactory)
    position = 0
    relation = QuotePerson.Relation.SELF
    first_name = "Ann"
    last_name = "Leeward"
    date_of_birth = date(1986, 3, 14)
    sex = QuotePerson.Sex.FEMALE


class QuotePlanFactory(factory.django.DjangoModelFactory):
    """A plan selected off the exchange for a quote, at $300.00."""

    class Meta:
        model = QuotePlan

    quote = factory.SubFactory(QuoteFactory)
    plan = factory.SubFactory(PlanFactory)
    market = QuotePlan.Market.OFF
    position = factory.Sequence(lambda n: n)
    monthly_premium = Decimal("300.00")


class ApplicationFactory(factory.django.DjangoModelFactory):
    """An incomplete application of Ann Leeward for one medical plan at $300.00."""

    class Meta:
        model = Application
        skip_postgeneration_save = True

    record_number = factory.Sequence(lambda n: f"A-{90000 + n}")
    producer_number = factory.SubFactory(ProducerNumberFactory)
    created_by = factory.SubFactory(UserFactory)
    effective_date = factory.LazyFunction(lambda: date(timezone.localdate().year + 1, 1, 1))
    zip = "60563"
    county = factory.SubFactory(CountyFactory)
    us_state = "IL"
    form_key = factory.Sequence(lambda n: f"test-application-{n:08d}")
    expires_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=90))

    @factory.post_generation
    def contents(self, create, extracted, **kwargs):
        if not create:
            return
        Applicant.objects.create(
            application=self,
            position=0,
            relation=QuotePerson.Relation.SELF,
            first_name="Ann",
            last_name="Leeward",
            date_of_birth=date(1986, 3, 14),
            sex=QuotePerson.Sex.FEMALE,
        )
        for plan in extracted or [PlanFactory()]:
            ApplicationPlan.objects.create(
                application=self, plan=plan, line=plan.line, monthly_premium=Decimal("300.00")
            )


def stored_file(name: str = "form.pdf", content: bytes = b"%PDF-1.4 a form") -> StoredFile:
    """A file in the store, not examined: what it is made of does not matter to the test."""
    checked = CheckedFile(
        name=name,
        content_type="application/pdf",
        size=len(content),
        sha256=sha256(content).hexdigest(),
        upload=SimpleUploadedFile(name, content),
    )
    return keep(checked, by=None, at=timezone.now())
