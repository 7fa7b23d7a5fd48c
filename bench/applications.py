"""The lists of applications as ratios to the plainest signed-in page, with thousands of applications in one book.

The rows are made for the measuring and rolled back: no demo has so many.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import ProducerNumber, User
from bench.pages import BASELINE, signed_in, time_page
from bench.turns import HEADING
from clients.models import Policy
from enrollment.models import Applicant, Application, QuotePerson

MANY = 10_000
LISTS = ("completed", "incomplete", "failed")
SURNAMES = ("Solberg", "Achebe", "Vasquez", "Marchetti", "Okafor", "Lindgren", "Petrov", "Yamada")


def measure(username: str) -> None:
    """Print one line for each list: its first page, its last, and a search by name."""
    client, user = signed_in(username), User.objects.get(username=username)
    with transaction.atomic():
        _fill(user)
        print(f"\n{username}: {Application.objects.for_user(user).count():,} applications in view")
        print(f"{'list, baseline ' + BASELINE:<36}{HEADING}")
        for name in LISTS:
            path = f"/enroll/applications/?tab={name}"
            for what, address in (("", path), (", last page", f"{path}&page=9999")):
                print(time_page(name + what, client, address), flush=True)
        transaction.set_rollback(True)


def _fill(user: User) -> None:
    policy = Policy.objects.for_user(user).order_by("id").first()
    number = ProducerNumber.objects.get(pk=policy.producer_number_id)
    now = timezone.now()
    statuses = [*[Application.Status.COMPLETED] * 7, Application.Status.INCOMPLETE, Application.Status.INCOMPLETE]
    statuses.append(Application.Status.FAILED)
    rows = Application.objects.bulk_create(
        Application(
            record_number=f"A-{8_000_000 + place}",
            producer_number=number,
            created_by=user,
            status=statuses[place % len(statuses)],
            us_state=number.us_state,
            zip="60563",
            form_key=f"bench-application-{place}",
            updated_at=now - timedelta(minutes=place),
            expires_on=timezone.localdate() + timedelta(days=60),
        )
        for place in range(MANY)
    )
    Applicant.objects.bulk_create(
        Applicant(
            application=row,
            position=0,
            relation=QuotePerson.Relation.SELF,
            first_name="Bench",
            last_name=SURNAMES[place % len(SURNAMES)],
        )
        for place, row in enumerate(rows)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE enrollment_application, enrollment_applicant")
