"""People who can sign in, what they may do, and the texts they accepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.hashers import make_password

from accounts.models import (
    DelegateGrant,
    PasswordHistory,
    StateRegistration,
    TermsAcceptance,
    TermsVersion,
    User,
)
from portal.common.access import DelegateScope
from portal.common.staff_roles import StaffRole
from portal.demo_data.books import ProducerSpec

PASSWORD = "Harbor#Kite58"  # noqa: S105 - printed by `make demo`
# The people of the documentation get a hash each; the others share one, because hashing takes long by design and the
# password is printed on the screen anyway.
FIXED_USERNAMES = frozenset({"rsolberg7", "prairieagency", "outsider9", "dkeller22", "mokafor5", "carrieradmin"})
STAFF_WITH_LIMITS = (
    ("servicedesk4", "Sam", "Delacroix", StaffRole.SERVICE_DESK),
    ("enrollops4", "Erin", "Opalka", StaffRole.ENROLLMENT_OPERATIONS),
    ("contented4", "Connor", "Tedrow", StaffRole.CONTENT_EDITOR),
    ("auditor4", "Audra", "Torrance", StaffRole.AUDITOR),
)
FIRST_LOGINS = frozenset({"ebaker19"})
SATURDAY = 5
VIEW, SERVICE, ENROLL = (scope.value for scope in (DelegateScope.VIEW, DelegateScope.SERVICE, DelegateScope.ENROLL))


@dataclass(frozen=True, slots=True)
class DemoDelegate:
    """A delegate of the demo; ``works_for`` says with which scopes, by the producer's username."""

    username: str
    first_name: str
    last_name: str
    mobile: str
    works_for: dict[str, list[str]]


# The first works for one producer; the second for two, and chooses in the header for whom.
DELEGATES = (
    DemoDelegate("dkeller22", "Dana", "Keller", "3125550122", {"rsolberg7": [VIEW, SERVICE, ENROLL]}),
    DemoDelegate(
        "mokafor5",
        "Maya",
        "Okafor",
        "3125550123",
        {"rsolberg7": [VIEW, SERVICE, ENROLL], "prairieagency": [VIEW, SERVICE]},
    ),
)
TERMS_BODY = """\
1. Who may use this portal. It is for producers contracted with the carrier, for the staff they have authorized as
delegates, and for the carrier's own staff. Each person has a login of their own and does not share it.

2. Clients' data. Names, birth dates, policy and payment data are confidential. Look at them only to sell to, enroll
or service a client for whom you or the producer who authorized you are producer of record, and keep what you print
or export safe.

3. Acting for a client. Start, change or submit an application only with the client's permission, and keep the proof
of it as long as the law asks.

4. Your credentials. Choose a password you use nowhere else. Tell the help desk at once when somebody else may know
it, when a device is lost, or when a person who worked for you has left.

5. Records. What is done here is recorded with the name of the person who did it. The carrier may withdraw access at
any time.

6. No advice. Dates and amounts shown here come from the carrier's systems and can lag behind them. The policy and
the carrier's notices are decisive.
"""


def add_producer_logins(producers: list[ProducerSpec], *, now: datetime) -> list[User]:
    """Give every producer with a username a login."""
    specs = [producer for producer in producers if producer.username]
    return _add(
        [
            User(
                username=spec.username,
                role=User.Role.PRODUCER,
                producer_id=spec.row_id,
                first_name=spec.first_name,
                last_name=spec.last_name,
                email=spec.email,
            )
            for spec in specs
        ],
        now=now,
    )


def add_delegates(producer_rows: Mapping[str, int], *, now: datetime) -> list[User]:
    """Add the delegates with their grants; ``producer_rows`` gives a producer's row by username."""
    delegates = _add(
        [
            User(
                username=one.username,
                role=User.Role.DELEGATE,
                first_name=one.first_name,
                last_name=one.last_name,
                email=f"{one.first_name}.{one.last_name}@example.com".lower(),
                mobile=one.mobile,
            )
            for one in DELEGATES
        ],
        now=now,
    )
    DelegateGrant.objects.bulk_create(
        DelegateGrant(
            producer_id=producer_rows[producer],
            delegate=delegate,
            scopes=scopes,
            first_day=(now - timedelta(days=120)).date(),
        )
        for one, delegate in zip(DELEGATES, delegates, strict=True)
        for producer, scopes in one.works_for.items()
    )
    return delegates


def add_carrier_admin(*, now: datetime) -> User:
    """Add carrieradmin, who runs the Django admin."""
    (admin,) = _add(
        [
            User(
                username="carrieradmin",
                role=User.Role.CARRIER_ADMIN,
                first_name="Casey",
                last_name="Moreau",
                email="carrier.admin@example.com",
                mobile="3125550199",
                is_staff=True,
                is_superuser=True,
            )
        ],
        now=now,
    )
    return admin


def add_staff_with_limits(*, now: datetime) -> list[User]:
    """Add one login for each role of the carrier's staff."""
    return _add(
        [
            User(
                username=username,
                role=User.Role.CARRIER_ADMIN,
                staff_role=staff_role,
                first_name=first_name,
                last_name=last_name,
                email=f"{first_name}.{last_name}@example.com".lower(),
                is_staff=True,
            )
            for username, first_name, last_name, staff_role in STAFF_WITH_LIMITS
        ],
        now=now,
    )


def _add(users: list[User], *, now: datetime) -> list[User]:
    others = [user for user in users if user.username not in FIXED_USERNAMES]
    shared_hash = make_password(PASSWORD) if others else ""
    for user in users:
        user.password = shared_hash if user in others else make_password(PASSWORD)
        user.email_confirmed_at = now - timedelta(days=150)
        # Only who has never logged in meets the typing page; the others have skipped it (LOG_03).
        user.typing_choice = User.TypingChoice.ASK if user.username in FIRST_LOGINS else User.TypingChoice.SKIPPED
        user.tour = User.Tour.TO_OFFER if user.username in FIRST_LOGINS else User.Tour.FINISHED
        user.date_joined = now - timedelta(days=150)
    made = User.objects.bulk_create(users)
    PasswordHistory.objects.bulk_create(
        PasswordHistory(user=user, password=user.password, set_at=user.date_joined) for user in made
    )
    return made


def publish_terms(*, accepted_by: list[User], now: datetime) -> None:
    """Publish the terms of use, unless a wording is in force already, and let everybody have accepted them."""
    terms = TermsVersion.objects.filter(published_at__isnull=False).first()
    if terms is None:
        terms = TermsVersion.objects.create(version="1.0", body=TERMS_BODY, published_at=now - timedelta(days=200))
    TermsAcceptance.objects.bulk_create(
        TermsAcceptance(terms=terms, user=user, accepted_at=user.date_joined) for user in accepted_by
    )


def register_states(producers: list[ProducerSpec], *, decided_by: User, now: datetime) -> None:
    """Register the producers in the states of their numbers; rsolberg7 waits for New Mexico."""
    registrations = []
    for spec in producers:
        by_state = {number.ref.us_state: number for number in reversed(spec.numbers)}
        for us_state, number in sorted(by_state.items()):
            address = number.address
            registrations.append(
                StateRegistration(
                    producer_id=spec.row_id,
                    us_state=us_state,
                    producer_number=number.ref.number,
                    company_name=number.company,
                    address_1=address.line_1,
                    address_2=address.line_2,
                    city=address.town.city,
                    address_state=us_state,
                    zip=address.town.zip,
                    phone=number.phone,
                    email=spec.email,
                    status=StateRegistration.Status.ACTIVE,
                    submitted_at=now - timedelta(days=160),
                    promised_on=_business_day(now - timedelta(days=155)),
                    decided_at=now - timedelta(days=158),
                    decided_by=decided_by,
                )
            )
    waiting = next(one for one in registrations if one.producer_number.startswith("00041270"))
    registrations.append(
        StateRegistration(
            producer_id=waiting.producer_id,
            us_state="NM",
            producer_number="000520533",
            company_name=waiting.company_name,
            address_1=waiting.address_1,
            address_2=waiting.address_2,
            city=waiting.city,
            address_state=waiting.address_state,
            zip=waiting.zip,
            phone=waiting.phone,
            email=waiting.email,
            submitted_at=now - timedelta(days=2),
            promised_on=_business_day(now + timedelta(days=3)),
        )
    )
    StateRegistration.objects.bulk_create(registrations)


def _business_day(moment: datetime) -> date:
    """The day itself, or the Monday after a weekend."""
    day = moment.date()
    return day + timedelta(days=7 - day.weekday() if day.weekday() >= SATURDAY else 0)
