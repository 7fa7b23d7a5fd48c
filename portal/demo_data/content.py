"""Resources, news and training of the demo, for all five states."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from portal.common.content.models import NewsItem, Resource, TrainingCompletion, TrainingCourse
from portal.common.content.rules.certification import expires_on
from portal.common.dates import US_STATES
from portal.common.files.models import StoredFile
from portal.common.files.store import keep
from portal.common.files.uploads import CheckedFile
from portal.demo_data.papers import Part, pdf

Kind, Product = Resource.Kind, Resource.Product
ALL_STATES: tuple[str, ...] = ()
TRAINING_SITE = "https://training.prairiesummit.example"

CLIENT = Part("Client", boxes=("Account number", "Name of the primary insured", "Daytime phone", "Email"))
PRODUCER = Part("Producer", boxes=("Name", "Nine-digit producer number", "Phone"))
SIGNED = Part(
    "Signature",
    paragraphs=("I confirm that the information above is complete and true to the best of my knowledge.",),
    boxes=("Signature of the client", "Date (mm/dd/yyyy)"),
)


@dataclass(frozen=True)
class Paper:
    """A resource with a file; ``updated`` is how many days ago."""

    kind: Resource.Kind
    title: str
    description: str
    parts: tuple[Part, ...]
    number: str = ""
    product: str = ""
    states: tuple[str, ...] = ALL_STATES
    for_next_year: bool = False
    updated: int = 30


FORMS = (
    Paper(
        kind=Kind.FORM,
        title="Producer Change of Address",
        description="Tell us about a new business address, phone number or email address.",
        number="PS-1010",
        parts=(PRODUCER, Part("New address", boxes=("Street", "City, state, ZIP", "Phone", "Email"))),
        updated=212,
    ),
    Paper(
        kind=Kind.FORM,
        title="Client Contact Information Change",
        description="For clients who cannot change their address, phone number or email address online.",
        number="PS-1024",
        parts=(CLIENT, Part("New contact information", boxes=("Street", "City, state, ZIP", "Phone", "Email")), SIGNED),
        updated=148,
    ),
    Paper(
        kind=Kind.FORM,
        title="Primary Care Physician Selection",
        description="Choose or change the primary care physician of each member of an HMO plan.",
        number="PS-1031",
        product=Product.ACA_MEDICAL,
        states=("IL", "NM", "TX"),
        parts=(
            CLIENT,
            Part("Member 1", boxes=("Name", "Physician", "Physician's number")),
            Part("Member 2", boxes=("Name", "Physician", "Physician's number")),
            SIGNED,
        ),
        updated=64,
    ),
    Paper(
        kind=Kind.FORM,
        title="Automatic Payment Authorization",
        description="Authorizes the monthly premium to be drawn from a bank account. Send it by mail or fax only.",
        number="PS-1040",
        parts=(CLIENT, Part("Bank account", boxes=("Name of the bank", "Account holder", "Day of the month")), SIGNED),
        updated=96,
    ),
    Paper(
        kind=Kind.FORM,
        title="Proof of a Life Event",
        description="Cover sheet for documents that prove a special enrollment period, and a list of what is accepted.",
        number="PS-1052",
        product=Product.ACA_MEDICAL,
        for_next_year=True,
        parts=(
            CLIENT,
            Part(
                "Accepted documents",
                paragraphs=(
                    "Loss of coverage: a letter from the former insurer or employer with the last day of coverage.",
                    "Marriage: the marriage certificate. Birth or adoption: birth certificate or adoption papers.",
                    "Move: a lease, a deed or a utility bill from before and after the move.",
                ),
            ),
            SIGNED,
        ),
        updated=22,
    ),
    Paper(
        kind=Kind.FORM,
        title="Disabled Dependent Certification",
        description="Keeps a disabled dependent covered past the age limit. The physician completes the second page.",
        number="PS-1063",
        product=Product.ACA_MEDICAL,
        parts=(
            CLIENT,
            Part("Dependent", boxes=("Name", "Relationship to the primary insured")),
            SIGNED,
            Part(
                "To be completed by the physician", boxes=("Name", "License number", "Signature", "Date (mm/dd/yyyy)")
            ),
        ),
        updated=301,
    ),
    Paper(
        kind=Kind.FORM,
        title="Dental Application",
        description="Paper application for an individual dental plan with or without a medical plan.",
        number="PS-2010",
        product=Product.ACA_DENTAL,
        for_next_year=True,
        parts=(CLIENT, Part("People to be covered", boxes=("Name", "Name", "Name", "Name")), PRODUCER, SIGNED),
        updated=41,
    ),
    Paper(
        kind=Kind.FORM,
        title="Scope of Appointment",
        description="To be signed by the client before a Medicare sales appointment.",
        number="PS-3022",
        product=Product.MAPD,
        for_next_year=True,
        parts=(
            PRODUCER,
            Part(
                "Products to be discussed",
                boxes=("Medicare Advantage", "Prescription drug plan", "Medicare Supplement"),
            ),
            SIGNED,
        ),
        updated=55,
    ),
    Paper(
        kind=Kind.FORM,
        title="Medicare Supplement Application",
        description="Paper application with outline of coverage.",
        number="PS-3010",
        product=Product.MED_SUPP,
        states=("MT", "OK", "TX"),
        parts=(CLIENT, Part("Plan", boxes=("Plan letter", "Requested effective date")), PRODUCER, SIGNED),
        updated=133,
    ),
)
GUIDES = (
    Paper(
        kind=Kind.GUIDE,
        title="Producer Portal Guide",
        description="From registration to reports: every page of the portal, step by step.",
        parts=(
            Part("Registering", paragraphs=("Register with one of your nine-digit producer numbers and your NPN.",)),
            Part("Clients", paragraphs=("Search by account number or by the last four digits of the SSN.",)),
            Part(
                "Reports", paragraphs=("Grace period, termed, paid-to and initial-payment reports go to Excel or CSV.",)
            ),
        ),
        updated=18,
    ),
    Paper(
        kind=Kind.GUIDE,
        title="Open Enrollment Guide",
        description="Dates, plan changes, renewals and what to do before the first of November.",
        product=Product.ACA_MEDICAL,
        for_next_year=True,
        parts=(
            Part(
                "Before it begins", paragraphs=("Complete your certification. Review your book. Update contact data.",)
            ),
            Part("Renewals", paragraphs=("Clients who do nothing are renewed into the same or the closest plan.",)),
        ),
        updated=37,
    ),
    Paper(
        kind=Kind.GUIDE,
        title="Grace Periods and Reinstatement",
        description="How long the grace period is with and without a tax credit, and what clients can still do.",
        product=Product.ACA_MEDICAL,
        parts=(
            Part("With advance payments of the tax credit", paragraphs=("Three consecutive months.",)),
            Part("Without", paragraphs=("The grace period of the state. Call us for the exact day.",)),
        ),
        updated=75,
    ),
    Paper(
        kind=Kind.GUIDE,
        title="HMO Referrals in Illinois and Texas",
        description="When a referral is needed and how the primary care physician arranges it.",
        product=Product.ACA_MEDICAL,
        states=("IL", "TX"),
        parts=(Part("Referrals", paragraphs=("The primary care physician refers within the medical group.",)),),
        updated=120,
    ),
)
BROCHURES = (
    Paper(
        kind=Kind.BROCHURE,
        title="Individual and Family Plans at a Glance",
        description="One page for each metal level, to hand to clients.",
        product=Product.ACA_MEDICAL,
        for_next_year=True,
        parts=(
            Part("Bronze", paragraphs=("Lowest premium, highest share of cost when care is needed.",)),
            Part("Silver", paragraphs=("Lower cost sharing for households that qualify.",)),
            Part("Gold", paragraphs=("Higher premium, lower share of cost.",)),
        ),
        updated=29,
    ),
    Paper(
        kind=Kind.BROCHURE,
        title="Dental Plans for Everyone",
        description="Preventive care at no cost, networks in every county.",
        product=Product.ACA_DENTAL,
        parts=(Part("Preventive care", paragraphs=("Two cleanings and examinations each calendar year.",)),),
        updated=81,
    ),
    Paper(
        kind=Kind.BROCHURE,
        title="Medicare Advantage in Northern New Mexico",
        description="Plans, networks and extra benefits by county.",
        product=Product.MAPD,
        states=("NM",),
        for_next_year=True,
        parts=(Part("Counties", paragraphs=("Los Alamos, Rio Arriba, Sandoval, Santa Fe and Taos.",)),),
        updated=44,
    ),
)
LINKS = (
    (
        "Federal Marketplace for Agents",
        "Registration, training and help desk of the Federally-facilitated Marketplace.",
        "https://www.cms.gov/marketplace/agents-brokers",
        ("MT", "OK", "TX"),
    ),
    ("Get Covered Illinois", "The state's own exchange.", "https://getcovered.illinois.gov/", ("IL",)),
    ("BeWell New Mexico", "The state's own exchange.", "https://www.bewellnm.com/", ("NM",)),
    (
        "National Insurance Producer Registry",
        "Licenses and appointments in every state.",
        "https://nipr.com/",
        ALL_STATES,
    ),
)


def rates(us_state: str, year: int, base: int) -> Paper:
    """Rates of one state; illustrative figures that differ by state."""
    ages = ((21, 1.0), (30, 1.135), (40, 1.278), (50, 1.786), (60, 2.714), (64, 3.0))
    rows: list[tuple[str, ...]] = [("Age", "Bronze", "Silver", "Gold")]
    rows += [(str(age), *(f"${base * factor * level / 100:,.2f}" for level in (100, 128, 151))) for age, factor in ages]
    return Paper(
        kind=Kind.RATES,
        title=f"Individual Rates, {US_STATES[us_state]}",
        description="Monthly premium by age and metal level before tax credits.",
        product=Product.ACA_MEDICAL,
        states=(us_state,),
        for_next_year=True,
        parts=(Part(f"Monthly premium, plan year {year}", rows=tuple(rows)),),
        updated=33,
    )


def add(*, people: Mapping[str, User], by: User, now: datetime) -> None:
    """Add everything; ``people`` are logins by username, ``by`` the carrier's admin."""
    today = now.date()
    _add_resources(by=by, now=now, year=today.year + 1)
    _add_news(now=now, year=today.year + 1)
    _add_training(people, today=today)


def _add_resources(*, by: User, now: datetime, year: int) -> None:
    bases = {"IL": 28_900, "MT": 34_100, "NM": 27_400, "OK": 31_200, "TX": 30_300}
    by_state = [rates(us_state, year, base) for us_state, base in bases.items()]
    for paper in (*FORMS, *GUIDES, *BROCHURES, *by_state):
        resource = Resource.objects.create(
            kind=paper.kind,
            title=paper.title,
            description=paper.description,
            form_number=paper.number,
            product=paper.product,
            states=list(paper.states),
            plan_year=year if paper.for_next_year else None,
            file=_file(paper, by=by, at=now - timedelta(days=paper.updated)),
        )
        _updated(resource, now - timedelta(days=paper.updated))
    for place, (title, description, url, states) in enumerate(LINKS):
        link = Resource.objects.create(
            kind=Kind.LINK, title=title, description=description, url=url, states=list(states)
        )
        _updated(link, now - timedelta(days=60 + 9 * place))


def _updated(resource: Resource, at: datetime) -> None:
    """When it was written; saving would say now."""
    Resource.objects.filter(pk=resource.pk).update(updated_at=at)


def _file(paper: Paper, *, by: User, at: datetime) -> StoredFile:
    content = pdf(carrier=settings.CARRIER_NAME, title=paper.title, number=paper.number, parts=paper.parts)
    name = "-".join("".join(c if c.isalnum() else " " for c in paper.title).split()) + ".pdf"
    # Made a moment ago by ourselves, so it is not sent through the examination of strangers' files.
    checked = CheckedFile(
        name=f"{paper.number}-{name}" if paper.number else name,
        content_type="application/pdf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        upload=SimpleUploadedFile(name, content),
    )
    return keep(checked, by=by, at=at)


def _add_news(*, now: datetime, year: int) -> None:
    """Six items people can read, and a draft for the administration."""
    items = (
        (
            f"Open enrollment for {year} is under way",
            "What has changed since last year, and which dates to tell your clients.",
            (
                "Open enrollment began on **November 1**. Coverage chosen by **December 15** begins on January 1.\n\n"
                "## What is new\n\n"
                "- Renewal letters went out in October; your clients' new premiums are on their detail pages.\n"
                "- Two HMO networks in Illinois and Texas have grown.\n"
                "- The proof of a life event has a new cover sheet: see [Resources](/resources/).\n\n"
                "## Before you enroll\n\n"
                f"1. Complete the certification for {year} under [Training](/training/).\n"
                "2. Review clients in their grace period.\n"
                "3. Check contact information, so that letters arrive.\n"
            ),
            ALL_STATES,
            True,
            20,
        ),
        (
            "Certification is required before the first sale of the new plan year",
            "Sales without a certification are returned. Most producers need about two hours.",
            "Take the Marketplace certification before you submit applications for the new plan year.\n\n"
            "Your standing in every course is shown under [Training](/training/) and in My Information.",
            ALL_STATES,
            False,
            34,
        ),
        (
            "More primary care physicians in the Texas HMO network",
            "Four medical groups in Bexar and Travis counties have joined.",
            "The groups accept new patients from **January 1** on. Clients who want to change their primary care "
            "physician can do so at any time; the change counts from the first of the following month.",
            ("TX",),
            False,
            9,
        ),
        (
            "Illinois moves to its own exchange: what stays the same",
            "Applications, documents and payments work as before.",
            "Clients in Illinois use the state's own exchange. **Nothing changes** in the portal: search, reports and "
            "e-questions work as they did.\n\nThe state's help desk is linked under [Resources](/resources/).",
            ("IL",),
            False,
            48,
        ),
        (
            "Winter weather in Montana: late mail is taken into account",
            "Paper payments that were delayed by closed roads are counted as on time.",
            "Call producer support with the client's account number when a paper payment is late.",
            ("MT",),
            False,
            13,
        ),
        (
            "Planned maintenance on Sunday morning",
            "The portal is not available between 2 and 5 AM Central Time.",
            "Work that was begun before is kept. Please log out before the maintenance begins.",
            ALL_STATES,
            False,
            4,
        ),
    )
    for title, summary, body, states, pinned, days in items:
        NewsItem.objects.create(
            title=title,
            slug=_slug(title),
            summary=summary,
            body=body,
            states=list(states),
            pinned=pinned,
            published_at=now - timedelta(days=days) + timedelta(hours=9),
        )
    NewsItem.objects.create(
        title="Commission schedule for the new plan year",
        slug="commission-schedule-for-the-new-plan-year",
        summary="Draft: to be published when the schedule is final.",
        body="The schedule will be listed here.",
    )


def _slug(title: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())[:80].strip("-")


def _add_training(people: Mapping[str, User], *, today: date) -> None:
    """Five courses; rsolberg7 is certified, about to expire, expired, without end and missing, one in each."""
    year = today.year + 1
    marketplace = TrainingCourse.objects.create(
        code=f"marketplace-{year}",
        title=f"Marketplace Certification {year}",
        description="Needed before the first Marketplace application for the new plan year.",
        body="## What it covers\n\n- Eligibility and tax credits\n- Special enrollment periods and their proofs\n"
        "- Privacy and consent\n\n## How to take it\n\nRegister with your NPN. Keep the confirmation.",
        url="https://www.cms.gov/marketplace/agents-brokers",
        plan_year=year,
        required=True,
        valid_months=12,
        minutes=120,
    )
    compliance = TrainingCourse.objects.create(
        code="annual-compliance",
        title="Annual Compliance",
        description="Marketing rules, consent, and how to report a concern.",
        body="Read the handbook first, then answer twenty questions. You can repeat the test twice.",
        url=f"{TRAINING_SITE}/annual-compliance/",
        required=True,
        valid_months=12,
        minutes=45,
    )
    privacy = TrainingCourse.objects.create(
        code="privacy-and-security",
        title="Privacy and Security Awareness",
        description="Handling clients' information, passwords and lost devices.",
        body="For producers **and their delegates**. It ends with a short test.",
        url=f"{TRAINING_SITE}/privacy-and-security/",
        required=True,
        valid_months=12,
        minutes=30,
    )
    medicare = TrainingCourse.objects.create(
        code="medicare-products",
        title="Medicare Products",
        description="Medicare Advantage, prescription drug and Medicare Supplement plans.",
        body="Needed only by producers who sell Medicare products.",
        url=f"{TRAINING_SITE}/medicare-products/",
        valid_months=12,
        minutes=180,
    )
    networks = TrainingCourse.objects.create(
        code="hmo-networks",
        title="HMO Networks and Referrals",
        description="Medical groups, primary care physicians and referrals.",
        body="Recommended for everybody who sells HMO plans.",
        url=f"{TRAINING_SITE}/hmo-networks/",
        states=["IL", "NM", "TX"],
        minutes=25,
    )
    days = _Days(today)
    done: dict[str, tuple[tuple[TrainingCourse, date], ...]] = {
        "rsolberg7": (
            (compliance, days.ago(96)),
            (privacy, days.ending_in(12)),
            (medicare, days.ago(401)),
            (networks, days.ago(230)),
        ),
        "prairieagency": ((marketplace, days.ago(25)), (compliance, days.ago(40)), (privacy, days.ago(41))),
        "mcastillo8": ((marketplace, days.ago(12)), (compliance, days.ending_in(5)), (privacy, days.ago(77))),
        "twhitman6": ((privacy, days.ago(380)), (compliance, days.ago(200))),
        "outsider9": ((compliance, days.ago(410)), (marketplace, days.ago(18))),
        "dkeller22": ((privacy, days.ago(61)),),
    }
    TrainingCompletion.objects.bulk_create(
        TrainingCompletion(
            course=course,
            user=people[username],
            completed_on=completed_on,
            expires_on=expires_on(completed_on, course.valid_months),
        )
        for username, courses in done.items()
        if username in people
        for course, completed_on in courses
    )


@dataclass(frozen=True)
class _Days:
    """Days of completion as seen from ``today``."""

    today: date

    def ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def ending_in(self, days: int) -> date:
        """The day of a completion whose twelve months end in that many days."""
        end = self.today + timedelta(days=days)
        completed = end - timedelta(days=366)
        while expires_on(completed, 12) != end and completed < self.today:
            completed += timedelta(days=1)
        return completed
