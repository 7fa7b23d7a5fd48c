"""An invented member feed of any size: `python -m bench.member_feed DIR --members N [--today DAY] [--seed S]`.

Writes producers.csv for `manage.py import_producers` and the four files of `manage.py import_members`. About 1.3
policies a member, everybody grown up has an SSN, 85% of the policies come with the carrier's status and 1% with one that
disagrees with the dates. The same seed and day give the same files.
"""

import argparse
import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from tqdm import tqdm


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.member_feed")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--members", type=int, required=True)
    parser.add_argument("--today", type=date.fromisoformat)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.bench")

    import django

    django.setup()

    from portal.common.dates import today_in

    counts = write(options.folder, members=options.members, today=options.today or today_in(), seed=options.seed)
    print(", ".join(f"{count:,} {name}" for name, count in counts.items()))


def write(folder: Path, *, members: int, today: date, seed: int = 1) -> dict[str, int]:
    """Write the files and return the number of lines in each. Stops with the household that reaches ``members``."""
    from accounts.services.producer_import import COLUMNS
    from clients.services.member_import_columns import FEEDS
    from portal.demo_data.books import carrier_producers
    from portal.demo_data.chance import seeded

    folder.mkdir(parents=True, exist_ok=True)
    producers = carrier_producers(seed, members=members, first_row=1, first_number_row=1)
    numbers = [number for producer in producers for number in producer.numbers]
    with ExitStack() as stack:

        def writer(name: str, columns: Sequence[str]) -> Any:
            file = stack.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline=""))
            lines = csv.DictWriter(file, columns, restval="")
            lines.writeheader()
            return lines

        producer_lines = writer("producers", list(COLUMNS))
        for producer in producers:
            for number in producer.numbers:
                producer_lines.writerow(
                    {
                        "npn": producer.npn,
                        "first_name": producer.first_name,
                        "last_name": producer.last_name,
                        "is_agency": "N",
                        "status": "ACTIVE",
                        "upline_npn": producer.parent.npn if producer.parent else "",
                        "record_email": producer.email,
                        "number": number.ref.number,
                        "state": number.ref.us_state,
                        "company_name": number.company,
                        "zip": number.address.town.zip,
                        "number_status": "ACTIVE",
                    }
                )
        files = {feed.name: writer(feed.name, [column.name for column in feed.columns]) for feed in FEEDS}
        counts = dict.fromkeys(("producers", *files), 0) | {"producers": len(numbers)}
        rng = seeded(seed, "feed", members)
        weights = [number.share * max(producer.policies, 1) for producer in producers for number in producer.numbers]
        with tqdm(total=members, unit=" members", disable=None, leave=False) as bar:
            for lines in _households(rng, numbers, weights, today=today):
                for name, line in lines:
                    files[name].writerow(line)
                    counts[name] += 1
                bar.update(sum(name == "members" for name, _ in lines))
                if counts["members"] >= members:
                    break
    return counts


def _households(rng: Any, numbers: Any, weights: Any, *, today: date) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    from portal.demo_data.households import HouseholdMaker, Mix

    maker = HouseholdMaker(today, Mix(had_earlier_policy=0.6, pcp=False))
    people = policies = 0
    while True:
        for number in rng.choices(numbers, weights, k=1_000):
            home = maker.household(rng, number.ref)
            lines: list[tuple[str, dict[str, Any]]] = [("accounts", _account(home, today))]
            ids = {}
            for person in home.people:
                people += 1
                ids[id(person)] = f"{800_000_000_000 + people}"
                lines.append(("members", _member(person, ids[id(person)], home)))
            for policy in home.policies:
                policies += 1
                policy_number = f"P{policies:09}"
                lines.append(("policies", _policy(rng, policy, policy_number, home)))
                lines += [
                    (
                        "coverages",
                        {
                            "policy_number": policy_number,
                            "member_id": ids[id(person)],
                            "effective_date": policy.covered_from(person),
                            "term_date": policy.timeline.term,
                        },
                    )
                    for person in policy.covered
                ]
            yield lines


def _account(home: Any, today: date) -> dict[str, Any]:
    town = home.address.town
    return {
        "account_number": home.account_number,
        "household_key": f"H{home.account_number}",
        "address_1": home.address.line_1,
        "address_2": home.address.line_2,
        "city": town.city,
        "state": town.us_state,
        "zip": town.zip,
        "as_of": f"{today.isoformat()}T00:05:00-06:00",
    }


def _member(person: Any, member_id: str, home: Any) -> dict[str, Any]:
    columns = {"HOME": "home_phone", "CELL": "cell_phone", "WORK": "work_phone", "FAX": "fax", "EMAIL": "email"}
    contacts = {columns[contact.kind]: contact.value for contact in person.contacts}
    extension = next((contact.extension for contact in person.contacts if contact.kind == "WORK"), "")
    return {
        "member_id": member_id,
        "account": home.account_number,
        "role": person.role,
        "first_name": person.first_name,
        "middle_initial": person.middle_initial,
        "last_name": person.last_name,
        "date_of_birth": person.date_of_birth,
        "sex": person.sex,
        "ssn": person.ssn or "",
        "disabled_dependent": "Y" if person.disabled_dependent else "N",
        "unmarried_veteran": "Y" if person.unmarried_veteran else "N",
        "work_extension": extension,
        **contacts,
    }


def _policy(rng: Any, policy: Any, policy_number: str, home: Any) -> dict[str, Any]:
    product, timeline, application = policy.product, policy.timeline, policy.application
    chance = rng.random()
    status = "" if chance < 0.15 else "ACTIVE" if chance < 0.16 else policy.standing.status
    submitted = application.submitted_on

    def yes(answer: bool) -> str:
        return "Y" if answer else "N"

    return {
        "policy_number": policy_number,
        "account": home.account_number,
        "producer_number": policy.number.number,
        "eapp_number": application.eapp_number,
        "client_app_id": application.client_app_id,
        "exchange_assigned_id": application.exchange_assigned_id,
        "pending_application_id": application.pending_application_id,
        "group_number": product.group_number,
        "plan_id": product.plan_id,
        "product_name": product.name,
        "line": product.line,
        "market": policy.terms.market,
        "network_type": product.network_type,
        "metal_level": product.metal_level,
        "requires_pcp": yes(product.requires_pcp),
        "grandfathered": yes(product.grandfathered),
        "is_temporary": yes(product.is_temporary),
        "state": policy.terms.us_state,
        "application_started_on": application.started_on,
        "application_signed_on": application.signed_on,
        "application_submitted_at": f"{submitted}T12:{application.minute % 60:02}:00-06:00" if submitted else "",
        "effective_date": timeline.effective,
        "paid_to_date": timeline.paid_to,
        "term_date": timeline.term,
        "grace_started_on": timeline.grace_started,
        "binder_due_date": timeline.binder_due,
        "monthly_premium": f"{policy.monthly_cents / 100:.2f}",
        "aptc_amount": f"{policy.credit_cents / 100:.2f}",
        "past_due": f"{policy.past_due_cents / 100:.2f}",
        "binder_paid": yes(timeline.binder_paid),
        "on_autopay": yes(policy.on_autopay),
        "status": status,
    }


if __name__ == "__main__":
    main()
