"""ID cards for tests: shipped card data, policies of every kind without a database, reading PDF files."""

import csv
from datetime import date
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from clients.idcards import content, tables
from clients.idcards.content import Card
from clients.models import CardIssuer, IdCardRule, MedicalGroup, Member, PcpAssignment, PlanCardFacts, Policy, Provider

DAY, UNTIL = date(2026, 11, 21), date(2026, 12, 21)
BORN, SSN = date(1984, 7, 9), "666120345"
CODES = {"IL": "00017", "MT": "00030", "NM": "00035", "OK": "00040", "TX": "00048"}
PLANS = {
    "HMO": ("0100005", "Advantage Plus Silver HMO 104"),
    "PPO": ("0200002", "Choice Silver PPO 202"),
    "POS": ("0300001", "Select Gold POS 301"),
    "EPO": ("0200003", "Choice Gold EPO 203"),
    "DENTAL": ("0800001", "Dental Family High PPO"),
}


def _rows(model: Any, path: Any) -> list[Any]:
    made = []
    with path.open(newline="") as source:
        for row in csv.DictReader(source):
            fields = {name: model._meta.get_field(name) for name in row}
            made.append(
                model(
                    **{
                        name: field.to_python(row[name]) if row[name] else (None if field.null else "")
                        for name, field in fields.items()
                    }
                )
            )
    return made


RULES: list[IdCardRule] = _rows(IdCardRule, tables.RULES)
ISSUERS: dict[tuple[str, str], CardIssuer] = {(i.us_state, i.line): i for i in _rows(CardIssuer, tables.ISSUERS)}
FACTS: dict[str, PlanCardFacts] = {facts.plan_id: facts for facts in _rows(PlanCardFacts, tables.PLANS)}


def load_card_data() -> None:
    """The card data of the demo's carrier, as ``import_card_data`` reads it; and the rules, which some tests flush away."""
    tables.load(IdCardRule, tables.read(tables.RULES))
    tables.load(CardIssuer, tables.read(tables.ISSUERS))
    tables.load(PlanCardFacts, tables.read(tables.PLANS))


def policy_of(us_state: str, product: str, market: str) -> Policy:
    """A policy that is not stored."""
    suffix, name = PLANS[product]
    dental = product == "DENTAL"
    return Policy(
        plan_id=f"{CODES[us_state]}{us_state}{suffix}",
        product_name=name,
        line=Policy.Line.DENTAL if dental else Policy.Line.MEDICAL,
        network_type="PPO" if dental else product,
        market=market,
        us_state=us_state,
        group_number="IS2105",
        requires_pcp=product in ("HMO", "POS"),
        effective_date=date(2026, 1, 1),
    )


def member_of(first_name: str = "Laura", last_name: str = "Kowalski", member_id: str = "812345678901") -> Member:
    return Member(
        first_name=first_name, middle_initial="E", last_name=last_name, member_id=member_id, date_of_birth=BORN, ssn=SSN
    )


def pcp_of(last_name: str = "Okonkwo") -> PcpAssignment:
    return PcpAssignment(
        provider=Provider(first_name="Catherine", last_name=last_name),
        medical_group=MedicalGroup(number="203", name="Lakeside Family Physicians"),
        effective_date=date(2026, 1, 1),
    )


def card(us_state: str, product: str, market: str = "OFF", *, member: Member | None = None, pcp: Any = "") -> Card:
    """The content of one card; ``pcp=None`` for a member who has none yet."""
    policy = policy_of(us_state, product, market)
    on = DAY
    return content.card_of(
        policy,
        member or member_of(),
        facts=FACTS[policy.plan_id],
        issuer=ISSUERS[us_state, policy.line],
        items=content.in_force(RULES, us_state=us_state, product=content.product_of(policy), market=market, on=on),
        pcp=pcp_of() if pcp == "" and policy.requires_pcp else pcp or None,
        carrier="Prairie Summit",
        issued=DAY,
        use_until=UNTIL,
    )


def reader(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))


def words(page: Any) -> str:
    """All text of a page with single blanks."""
    return " ".join(page.extract_text().split())


def texts(pdf: bytes) -> list[str]:
    return [words(page) for page in reader(pdf).pages]
