"""Small member feeds: one household that is right in every cell, to be changed by a test."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from clients.services.member_import_columns import FEEDS

Line = Mapping[str, str]

ACCOUNT = {
    "account_number": "555000001",
    "household_key": "H-1",
    "address_1": "1489 E Ogden Ave",
    "city": "Naperville",
    "state": "IL",
    "zip": "60563",
    "as_of": "2026-11-20T04:00:00-06:00",
}
TANYA = {
    "member_id": "777000000001",
    "account": "555000001",
    "role": "PRIMARY",
    "first_name": "Tanya",
    "middle_initial": "R",
    "last_name": "O'Brien-Muñoz",
    "date_of_birth": "1980-05-17",
    "sex": "F",
    "ssn": "666-12-0987",
    "disabled_dependent": "N",
    "unmarried_veteran": "N",
    "home_phone": "6305550142",
    "cell_phone": "6305550143",
    "work_phone": "6305550144",
    "work_extension": "12",
    "email": "Tanya.OBrien@Example.COM",
}
LEO = {
    "member_id": "777000000002",
    "account": "H-1",
    "role": "CHILD",
    "first_name": "Leo",
    "last_name": "O'Brien-Muñoz",
    "date_of_birth": "2012-02-29",
    "sex": "M",
    "ssn": "666120988",
    "disabled_dependent": "N",
    "unmarried_veteran": "N",
}
MEDICAL = {
    "policy_number": "P-0001",
    "account": "555000001",
    "producer_number": "000412701",
    "eapp_number": "0101389016",
    "group_number": "IB2121",
    "plan_id": "36096IL0990011",
    "product_name": "Prairie Summit Bronze PPO 502",
    "line": "MEDICAL",
    "market": "ON",
    "network_type": "PPO",
    "metal_level": "Bronze",
    "requires_pcp": "N",
    "grandfathered": "N",
    "is_temporary": "N",
    "state": "IL",
    "application_started_on": "2025-12-01",
    "application_signed_on": "2025-12-01",
    "application_submitted_at": "2025-12-01T17:05:00-06:00",
    "effective_date": "2026-01-01",
    "paid_to_date": "2026-12-01",
    "term_date": "9999-12-31",
    "monthly_premium": "812.55",
    "aptc_amount": "400",
    "past_due": "",
    "binder_paid": "Y",
    "on_autopay": "N",
    "status": "ACTIVE",
}
DENTAL = {
    **MEDICAL,
    "policy_number": "P-0002",
    "account": "H-1",
    "line": "DENTAL",
    "market": "OFF",
    "product_name": "Summit Dental 1B",
    "network_type": "",
    "metal_level": "",
    "monthly_premium": "41.20",
    "aptc_amount": "",
    "status": "",
}
COVERS = (
    {"policy_number": "P-0001", "member_id": "777000000001", "effective_date": "2026-01-01"},
    {"policy_number": "P-0001", "member_id": "777000000002", "effective_date": "2026-01-01"},
    {"policy_number": "P-0002", "member_id": "777000000001", "effective_date": "2026-01-01"},
)


def write_feed(folder: Path, **files: Sequence[Line]) -> Path:
    """Write the files that are given, each from its lines; columns a line leaves out are empty."""
    folder.mkdir(exist_ok=True)
    for feed in FEEDS:
        path = folder / feed.file_name
        path.unlink(missing_ok=True)
        if feed.name not in files:
            continue
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [column.name for column in feed.columns], restval="")
            writer.writeheader()
            writer.writerows(files[feed.name])
    return folder


def household_feed(folder: Path, **instead: Sequence[Line]) -> Path:
    """The household above with its two policies; ``instead`` replaces the lines of whole files."""
    files: dict[str, Sequence[Line]] = {
        "accounts": [ACCOUNT],
        "members": [TANYA, LEO],
        "policies": [MEDICAL, DENTAL],
        "coverages": COVERS,
    }
    return write_feed(folder, **{**files, **instead})
