"""Whom to call and what the carrier publishes about privacy: the demo's own lines and wording (ISS_03, ISS_07, ISS_09)."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from portal.common.content.models import AgentGroup, ContactLine, ContactProduct, PrivacyStatement

# Medicare Supplement changed desks in spring 2019; in Texas at the turn of the year.
LAST_LEGACY_DAY = {"IL": date(2019, 4, 30), "NM": date(2019, 4, 30), "OK": date(2019, 4, 30), "TX": date(2019, 12, 31)}


@dataclass(frozen=True)
class ProductLines:
    """A product and its numbers by state; "" is every state. 555-01xx numbers belong to nobody."""

    code: str
    label: str
    phones: dict[str, str]
    hours: str = ""
    until: dict[str, date] = field(default_factory=dict)
    begins: dict[str, date] = field(default_factory=dict)


PRODUCTS = (
    ProductLines(
        "major-medical",
        "Major Medical",
        {"IL": "8005550151", "NM": "8005550153", "OK": "8005550154", "TX": "8005550155", "MT": "8005550152"},
    ),
    ProductLines(
        "med-supp-legacy",
        "Medicare Supplement (Legacy)",
        {"IL": "8005550161", "NM": "8005550153", "OK": "8005550164", "TX": "8005550165", "MT": "8005550162"},
        until=LAST_LEGACY_DAY,
    ),
    ProductLines(
        "med-supp-new",
        "Medicare Supplement (New Business)",
        {"IL": "8885550161", "NM": "8885550163", "OK": "8885550164", "TX": "8885550165", "MT": "8005550162"},
        begins={us_state: day + timedelta(days=1) for us_state, day in LAST_LEGACY_DAY.items()},
    ),
    ProductLines(
        "mapd",
        "Medicare Advantage (MAPD)",
        {"": "8775550171"},
        hours="Every day, 8 a.m. to 8 p.m.; weekdays only from April through September",
    ),
    ProductLines("pdp", "Prescription Drug (PDP)", {"": "8885550172"}),
)
AGENT_GROUP = ("lantern-farm", "Lantern Farm agents only", "8445550181")


PRIVACY_BODY = """\
This statement says what the carrier keeps about the people who use this portal and about their clients, why, for how long,
and whom to ask. It is about the portal only; what a member may expect stands in the carrier's Notice of Privacy Practices.

## Who uses the portal

Producers contracted with the carrier, the staff they have authorized as delegates, and the carrier's own staff. Members do
not log in here.

## What is collected

- **About you:** name, National Producer Number, producer numbers, business addresses, telephone numbers and email addresses,
  your username, and your password in a form that cannot be turned back into it.
- **About how you log in:** time, network address and kind of browser of every attempt, the codes sent to you (as proofs, not
  in clear), and the devices you asked to have remembered.
- **About what you do:** which client's record was opened, and every change, document, question and application, with time
  and, for a delegate, the producer it was done for.
- **About clients:** what is needed to quote, enroll and service them: names, birth dates, contact data, social security
  numbers (encrypted; only the last four digits are ever shown), household, coverage, payment status and the documents you
  send. Card and bank numbers never reach the portal.

## Why

To let you sell and service coverage, to keep clients' records right, to pay commissions, to find and stop misuse, and to
meet the duties the law puts on the carrier. It is not sold, and it is not used for advertising.

## Health information

Some of what you see is protected health information. The carrier is a covered entity under HIPAA, and producers who handle
such information for it do so as business associates under a written agreement (45 CFR 164.502(e), 164.504(e)). Look at and
use no more than the task needs. Tell the carrier without delay of anything that was seen, lost or sent by mistake.

## Cookies

Four at most, all from the portal itself: one keeps you logged in and ends with your session; one protects forms against
being sent from elsewhere; one, only if you ask for it, remembers this browser for 30 days; one keeps your choice of light
or dark colors for a year. None of them follows you to other sites, and there are no others.

## Typing pattern

Where you may confirm a login by how you type, the pattern is taken only after a notice of its own and your written consent,
which say what is kept and when it is destroyed: the [Typing Pattern Notice](/legal/typing-pattern/). Without it you log in
with a code.

## Who receives it

The carrier's staff whose work it is; companies that work for the carrier under contract, such as those who send emails and
text messages, which carry no health information; and authorities where the law requires it. Your delegates see what you let
them see; what they do is shown to you.

## How long

Records of insurance and the trail of who did what are kept for at least six years, or longer where a state asks for it.
Codes, sessions and remembered devices are deleted after they have ended. Drafts that are not finished expire.

## Your choices

See and correct your contact data under My Information and Edit Profile. End sessions and forget devices there at any time.
For anything else, and to ask what is kept about you, use [Contact Us](/contact/).

## Changes

A new version is published here with its date, and the earlier ones stay readable.
"""


def add_contact_lines() -> None:
    """The carrier's table of numbers, unless somebody keeps one already."""
    if ContactProduct.objects.exists():
        return
    for order, lines in enumerate(PRODUCTS, start=1):
        product = ContactProduct.objects.create(code=lines.code, label=lines.label, order=order * 10, hours=lines.hours)
        ContactLine.objects.bulk_create(
            ContactLine(
                product=product,
                us_state=us_state,
                phone=phone,
                business_from=lines.begins.get(us_state),
                business_until=lines.until.get(us_state),
            )
            for us_state, phone in lines.phones.items()
        )
    code, label, phone = AGENT_GROUP
    ContactLine.objects.create(
        product=ContactProduct.objects.get(code="major-medical"),
        agent_group=AgentGroup.objects.create(code=code, label=label),
        phone=phone,
    )


def publish_privacy_statement(*, now: datetime) -> None:
    """The wording in force since before anybody registered, unless one is published already."""
    if not PrivacyStatement.objects.filter(published_at__isnull=False).exists():
        PrivacyStatement.objects.create(version="1.0", body=PRIVACY_BODY, published_at=now - timedelta(days=200))
