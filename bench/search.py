"""Every field of the client search as an HTTP request, and whether it stays flat while the portal grows.

Two ratios, each within this one run: to the plainest signed-in page with 25 rows, and to a stock Django admin changelist
that searches the same rows. How the first of them grows is measured around one book, in a portal of a tenth of the policies,
of half of them and of all.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory

from accounts.models import ProducerNumber, User
from bench.pages import BASELINE, result_address, signed_in, time_page
from bench.turns import HEADING
from clients.models import ContactPoint, Member, Policy

ROUNDS = 40
ADMIN_ROUNDS = 3
COPIED = ("clients_account", "clients_member", "clients_contactpoint", "clients_policy", "clients_surnameform")


def taken_ms(act: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median and 95th percentile of ``act`` in milliseconds, after two rounds that are not counted."""
    for _ in range(min(2, rounds - 1)):
        act()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        act()
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return statistics.median(times), times[max(0, int(len(times) * 0.95) - 1)]


def measure(usernames: list[str]) -> None:
    """Print a line for each field and book."""
    for username in usernames:
        client = signed_in(username)
        user = User.objects.get(username=username)
        book = Policy.objects.for_user(user).count()
        print(f"\n{username}: {book:,} policies in view of {Policy.objects.count():,} in the portal")
        asked = _asked(user)
        print(f"{'search, baseline ' + BASELINE:<36}{HEADING}")
        for name, (path, posted) in asked.items():
            print(time_page(name, client, client.post(path, posted)["Location"]), flush=True)
        _against_the_admin(client, asked["last name"])


def measure_growth(username: str, parts: Sequence[int] = (10, 2, 1)) -> None:
    """Print what pages cost in a portal of a tenth of the policies, of half of them, and in the whole one, around one book."""
    client = signed_in(username)
    user = User.objects.get(username=username)
    rows = Policy.objects.for_user(user)
    account = rows.exclude(account__number=None).order_by("id").values_list("account__number", flat=True)[0]
    everything = result_address(client, "/reports/new/", {"policy_status": "ALL"})
    by_name = client.post("/clients/", {"advanced": "1", "last_name": "s"})["Location"]
    pages = {
        "search by account number": result_address(client, "/clients/", {"by": "account", "value": account}),
        "search by first letter of last name": by_name,
        "the same, last page": f"{by_name}&page=9999",
        "client detail": f"/clients/{account}/",
        "report: All": everything,
        "report: All, last page": f"{everything}&page=9999",
        "save-the-policy desk": "/reports/desk/",
        "dashboard": "/reports/",
    }
    found: list[tuple[int, int, dict[str, float]]] = []
    for part in parts:
        with _a_part_around(user, part) if part > 1 else nullcontext():
            timings = {name: time_page(name, client, address) for name, address in pages.items()}
            size = Policy.objects.count(), Member.objects.count()
            found.append((*size, {name: one.p50 / one.base50 for name, one in timings.items()}))
    print(f"\n{username}'s book of {rows.count():,} policies while the portal grows, p50 as ratio to {BASELINE}")
    print(f"{'policies':<36}" + "".join(f"{policies:>12,}" for policies, _members, _ratios in found))
    print(f"{'members':<36}" + "".join(f"{members:>12,}" for _policies, members, _ratios in found))
    for name in pages:
        print(f"{name:<36}" + "".join(f"{ratios[name]:>12.2f}" for _policies, _members, ratios in found))


def _asked(user: User) -> dict[str, tuple[str, dict[str, str]]]:
    """One search for each field, with the values of a client from the middle of the book."""
    book = Policy.objects.for_user(user).exclude(account__number=None).exclude(insured_ssn_digest="")
    policy = book.order_by("pk")[book.count() // 3]
    member = Member.objects.get(account_id=policy.account_id, role=Member.Role.PRIMARY)
    primaries = ContactPoint.objects.filter(member__role="PRIMARY", member__account__policies__in=book[:500])
    phone = primaries.exclude(kind="EMAIL").first()
    email = primaries.filter(kind="EMAIL").first()
    number = ProducerNumber.objects.select_related("producer").get(pk=policy.producer_number_id)
    fields = {
        "account number": {"account_number": policy.account.number or ""},
        "E-App number": {"eapp_number": book.exclude(eapp_number="").values_list("eapp_number", flat=True)[0]},
        "last name": {"last_name": policy.insured_last_name},
        "common last name": {"last_name": "Smith"},
        "first letter of last name": {"last_name": "s"},
        "first name": {"first_name": policy.insured_first_name},
        "last 4 of SSN": {"ssn_last4": member.ssn_last4},
        "date of birth": {"date_of_birth": f"{policy.insured_date_of_birth:%m/%d/%Y}"},
        "phone": {"phone": phone.value if phone else "3125550100"},
        "email": {"email": email.value if email else "nobody@mail.example"},
        "zip code": {"zip": policy.insured_zip},
        "producer last name": {"producer_last_name": number.producer.last_name},
        "producer number": {"producer_number": number.number},
        "name and date of birth": {
            "last_name": policy.insured_last_name,
            "date_of_birth": f"{policy.insured_date_of_birth:%m/%d/%Y}",
        },
    }
    asked: dict[str, tuple[str, dict[str, str]]] = {
        name: ("/clients/", {"advanced": "1", **posted}) for name, posted in fields.items()
    }
    asked |= {f"preset: {code}": ("/clients/", {"preset": code}) for code in ("grace", "termed", "unpaid")}
    asked["search box: a letter wrong"] = ("/clients/quick/", {"q": policy.insured_last_name[:-1] + "q"})
    return asked


class _StockAdmin(admin.ModelAdmin):
    """What a developer writes in five minutes: the same columns, searched as the admin searches."""

    list_display = ("insured_last_name", "insured_first_name", "account", "status", "market", "product_name", "effective_date",
                    "paid_to_date", "term_date", "producer_number")  # fmt: skip
    list_select_related = ("account", "producer_number")
    list_per_page = 25
    search_fields = ("insured_last_name", "insured_first_name", "account__number")


def _against_the_admin(client: Client, search: tuple[str, dict[str, str]]) -> None:
    path, posted = search
    site = admin.site
    stock = _StockAdmin(Policy, site)
    request = RequestFactory().get("/admin/clients/policy/", {"q": posted["last_name"]})
    request.user = User.objects.filter(is_superuser=True, is_active=True).first()  # type: ignore[assignment]
    request.session = client.session

    def changelist() -> None:
        stock.changelist_view(request).render()

    address = client.post(path, posted)["Location"]
    ours, _ = taken_ms(lambda: client.get(address), rounds=20)
    theirs, _ = taken_ms(changelist, rounds=ADMIN_ROUNDS)
    print(
        f"stock admin changelist, same last name: {theirs:,.0f} ms, {theirs / ours:,.0f} times this search ({ours:.1f} ms)"
    )


@contextmanager
def _a_part_around(user: User, part: int) -> Iterator[None]:
    """Look at copies of the client tables that hold the user's book and one household in ``part`` of everything else."""
    numbers = list(Policy.objects.for_user(user).order_by().values_list("producer_number_id", flat=True).distinct())
    wanted = f"producer_number_id = ANY(%s) OR account_id %% {int(part)} = 0"
    accounts = f"SELECT account_id FROM public.clients_policy WHERE {wanted}"  # noqa: S608 - constants of this file
    filters = {
        "clients_account": f"id IN ({accounts})",
        "clients_member": f"account_id IN ({accounts})",
        "clients_contactpoint": f"member_id IN (SELECT id FROM public.clients_member WHERE account_id IN ({accounts}))",  # noqa: S608 - constants of this file
        "clients_policy": wanted,
        "clients_surnameform": "%s::bigint[] IS NOT NULL",
    }
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS bench_part CASCADE")
        cursor.execute("CREATE SCHEMA bench_part")
        try:
            for table in COPIED:
                cursor.execute(f"CREATE TABLE bench_part.{table} (LIKE public.{table} INCLUDING ALL)")
                copied = f"SELECT * FROM public.{table} WHERE {filters[table]}"  # noqa: S608 - constants of this file
                cursor.execute(f"INSERT INTO bench_part.{table} OVERRIDING SYSTEM VALUE {copied}", [numbers])
                cursor.execute(f"VACUUM (ANALYZE) bench_part.{table}")
            cursor.execute("SET search_path TO bench_part, public")
            yield
        finally:
            cursor.execute("SET search_path TO public")
            cursor.execute("DROP SCHEMA IF EXISTS bench_part CASCADE")
