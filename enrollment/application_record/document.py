"""The application as people read it: every answered question in the order of the application. Pure: answers in, sections out.

``answers`` is what ``application_record.answers`` has kept. SSNs are masked here, and nowhere else are they opened. A question
that was not answered is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from enrollment.models import Applicant, Application, ApplicationLifeEvent, ApplicationText, QuotePerson, Signature
from portal.common.dates import US_STATES, as_text, moment_as_text

Fact = tuple[str, str]
_YES_NO = {True: "Yes", False: "No"}
_RELATIONS = dict(QuotePerson.Relation.choices)
_ROLES = dict(Signature.Role.choices)
_TEXTS = dict(ApplicationText.Kind.choices)


@dataclass(frozen=True)
class Block:
    """Questions with their answers, under a heading of their own where there are several of a kind."""

    facts: Sequence[Fact]
    heading: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Part:
    """A section of the application."""

    title: str
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ApplicationDocument:
    """All texts finished; ``fingerprint`` is the SHA-256 of the answers as they were submitted."""

    record_number: str
    carrier: str
    state: str
    submitted: str
    submission: int
    fingerprint: str
    parts: list[Part]


def document_of(answers: dict[str, Any], *, carrier: str, fingerprint: str) -> ApplicationDocument:
    """The document of one submission. Raises ``KeyError`` for answers that are none."""
    parts = [
        Part(title, [block for block in blocks if block.facts or block.notes]) for title, blocks in _parts(answers)
    ]
    return ApplicationDocument(
        record_number=answers["record_number"],
        carrier=carrier,
        state=US_STATES[answers["home"]["us_state"]],
        submitted=moment_as_text(datetime.fromisoformat(answers["submitted_at"])),
        submission=answers["submission"],
        fingerprint=fingerprint,
        parts=[part for part in parts if part.blocks],
    )


def masked(ssn: str | None) -> str:
    """The last four digits, as they may be shown; empty for none."""
    return f"***-**-{ssn[-4:]}" if ssn else ""


def text_version(ref: dict[str, str] | None) -> str:
    """A text that was agreed to: its name, state and version, and its SHA-256."""
    if ref is None:
        return ""
    state = f", {US_STATES[ref['us_state']]}" if ref["us_state"] else ""
    return f"{_TEXTS.get(ref['kind'], ref['kind'])}{state}, version {ref['version']} (SHA-256 {ref['sha256']})"


def name_of(person: dict[str, Any]) -> str:
    return " ".join(part for part in (person["first_name"], person["middle_initial"], person["last_name"]) if part)


def _parts(answers: dict[str, Any]) -> Iterator[tuple[str, list[Block]]]:
    people = answers["people"]
    names = {one["position"]: name_of(one) for one in people}
    yield "General Information", [Block(_answered(_general(answers, names)))]
    yield "Producer Information", [Block(_answered(_producer(answers)))]
    yield "Special Enrollment Information", list(_enrollment(answers))
    yield "Application Information and Authorization", [Block(_answered(_authorization(answers)))]
    for person in people:
        title = "Primary Applicant" if person["position"] == 0 else _RELATIONS[person["relation"]]
        blocks = [Block(_answered(_person(person)))]
        if person["position"] == 0:
            blocks += [
                Block(_answered(_home(answers)), "Home and Mailing Address"),
                Block(_answered(_contact(answers)), "Contact Information"),
            ]
        blocks.append(Block(_answered(_identity(person)), "Optional Language, Ethnicity, & Identity"))
        yield title, blocks
    yield "Health Reimbursement Arrangement (HRA)", [Block(_answered(_hra(answers["hra"])))]
    yield "Plan Selection", list(_plans(answers, names))
    yield "Coverage Replacement", list(_replacements(answers, names))
    yield "Other Coverage", list(_other_coverages(answers, names))
    yield "Proxy Statement", [Block([("Proxy", "Agreed to" if answers["proxy_agreed"] else "Not agreed to")])]
    yield "Signatures", list(_signatures(answers))
    payment = dict(Application.PaymentChoice.choices).get(answers["payment_choice"], "")
    yield "Payment", [Block(_answered([("Payment", payment)]))]


def _answered(facts: Sequence[tuple[str, str | None]]) -> list[Fact]:
    return [(label, text) for label, text in facts if text]


def _general(answers: dict[str, Any], names: dict[int, str]) -> list[tuple[str, str | None]]:
    plan = {one["line"]: one["name"] for one in answers["plans"]}
    return [
        ("Applicant Name", names.get(0)),
        ("Effective Date", _day(answers["effective_date"])),
        ("Total Monthly Premium", money(answers["monthly_premium"])),
        ("Medical Plan", plan.get("MEDICAL")),
        ("Dental Plan", plan.get("DENTAL")),
        ("Record Number", answers["record_number"]),
        ("E-App Number", answers["eapp_number"]),
        ("Client App ID", answers["client_app_id"]),
        ("Pending Application ID", answers["pending_application_id"]),
    ]


def _producer(answers: dict[str, Any]) -> list[tuple[str, str | None]]:
    producer = answers["producer"]
    return [
        ("State", US_STATES[answers["home"]["us_state"]]),
        ("Producer Name", producer["name"]),
        ("Writing Producer Number", producer["number"]),
        ("Company Name", producer["company"]),
        ("National Producer Number", producer["npn"]),
        ("Submitted by", f"{answers['submitted_by']['name']} ({answers['submitted_by']['username']})"),
    ]


def _enrollment(answers: dict[str, Any]) -> Iterator[Block]:
    yield Block(_answered([("Special Enrollment Period", _YES_NO[answers["special_enrollment"]])]))
    prior = dict(ApplicationLifeEvent.PriorCoverage.choices)
    for one in answers["life_events"] if answers["special_enrollment"] else ():
        facts = [
            ("Life Event", one["label"]),
            ("Date of Event", _day(one["event_date"])),
            ("Coverage in the 60 days before", prior.get(one["prior_coverage"])),
            ("Learned of it on", _day(one["knew_on"])),
        ]
        yield Block(_answered(facts))
    yield explanation(answers)


def explanation(answers: dict[str, Any]) -> Block:
    """How the effective date was found: the sentence, the rule, and what was looked at, each with its source."""
    decision = answers["decision"]
    notes = [f"{decision['sentence']} ({decision['citation']})"]
    for event in decision.get("events", ()):
        for step in event["steps"]:
            verdict = "" if step["passed"] else "Not met: "
            notes.append(f"{verdict}{step['sentence']} ({step['citation']})")
    notes += [note["sentence"] for note in decision.get("notes", ())]
    notes = list(dict.fromkeys(note.strip() for note in notes))  # the step that decided says the same as the sentence
    facts = [
        ("Effective Date", _day(answers["effective_date"])),
        ("Worked out for an application made on", _day(answers["submitted_on"])),
        ("Date chosen of those offered", _day(answers["elected_date"])),
    ]
    return Block(_answered(facts), "How the effective date was found", [note for note in notes if note.strip(" ()")])


def _authorization(answers: dict[str, Any]) -> list[tuple[str, str | None]]:
    how = answers["authorization"]
    agreed = answers["terms_agreed_at"]
    in_person = how == Application.Authorization.IN_PERSON
    return [
        ("Application Form Type", dict(Application.FormType.choices).get(answers["form_type"])),
        ("Authorization", dict(Application.Authorization.choices).get(how)),
        ("Terms and Agreements", text_version(answers["terms"]) if in_person else ""),
        ("Agreed to on", moment_as_text(datetime.fromisoformat(agreed)) if agreed and in_person else ""),
        ("Agreement recorded by", answers["terms_agreed_by"] if in_person else ""),
    ]


def _person(person: dict[str, Any]) -> list[tuple[str, str | None]]:
    tobacco = person["tobacco_use"]
    return [
        ("First Name", person["first_name"]),
        ("MI", person["middle_initial"]),
        ("Last Name", person["last_name"]),
        ("Date of Birth", _day(person["date_of_birth"])),
        ("SSN", masked(person["ssn"])),
        ("Sex", dict(QuotePerson.Sex.choices).get(person["sex"])),
        ("Tobacco Use", _YES_NO[tobacco] if tobacco is not None else ""),
        ("Date of last use", _day(person["tobacco_last_used"])),
        ("Primary Phone", phone(person["phone"])),
        ("Email Address", person["email"]),
        ("PCP or Medical Group Number", person["pcp_number"]),
    ]


def _identity(person: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [
        ("Preferred Spoken Language", person["spoken_language"]),
        ("Preferred Written Language", person["written_language"]),
        ("Hispanic/Latino", ", ".join(person["hispanic"])),
        ("Identity", ", ".join(person["identities"])),
    ]


def _home(answers: dict[str, Any]) -> list[tuple[str, str | None]]:
    home, mailing = answers["home"], answers["mailing"]
    differs = answers["mailing_differs"]
    return [
        ("Address", _address(home)),
        ("County", home["county"]),
        ("Is Mailing Address different?", _YES_NO[differs] if differs is not None else ""),
        ("Mailing Address", _address(mailing) if differs else ""),
    ]


def _address(one: dict[str, str]) -> str:
    street = ", ".join(filter(None, (one["address_1"], one["address_2"])))
    state = one.get("us_state") or one.get("state", "")
    return ", ".join(filter(None, (street, one["city"], f"{state} {one['zip']}".strip())))


def _contact(answers: dict[str, Any]) -> list[tuple[str, str | None]]:
    facts: list[tuple[str, str | None]] = [
        ("Primary Phone", phone(answers["phone"])),
        ("Phone Type", dict(Application.PhoneType.choices).get(answers["phone_type"])),
        ("Email Address", answers["email"]),
    ]
    return facts + [("Shown beside it", text_version(one)) for one in answers["contact_texts"]]


def _hra(hra: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [
        ("Type of HRA", dict(Application.HraKind.choices).get(hra["kind"])),
        ("Start Date", _day(hra["start"])),
        ("Employer Name", hra["employer"]),
        ("Monthly Contribution", money(hra["contribution"])),
    ]


def _plans(answers: dict[str, Any], names: dict[int, str]) -> Iterator[Block]:
    for plan in answers["plans"]:
        kind = " ".join(filter(None, (plan["metal_level"], plan["network_type"])))
        facts: list[tuple[str, str | None]] = [
            ("Plan", plan["name"]),
            ("Plan ID", f"{plan['plan_id']} ({plan['plan_year']})"),
            ("Plan Type", kind),
            ("Monthly Premium", money(plan["monthly_premium"])),
        ]
        members = plan["members"] or ()
        facts += [
            (f"Of this for {names[person['position']]}", money(amount))
            for person, amount in zip(answers["people"], members, strict=False)
        ]
        yield Block(_answered(facts), "Medical" if plan["line"] == "MEDICAL" else "Dental")
    elsewhere = "Yes, through another policy" if answers["pediatric_dental_elsewhere"] else ""
    yield Block(
        _answered(
            [
                ("Total Monthly Premium", money(answers["monthly_premium"])),
                ("Pediatric dental essential benefits", elsewhere),
            ]
        )
    )


def _replacements(answers: dict[str, Any], names: dict[int, str]) -> Iterator[Block]:
    yield Block([("Will this coverage replace other coverage?", _YES_NO[answers["replaces_coverage"]])])
    for one in answers["replacements"] if answers["replaces_coverage"] else ():
        facts = [
            ("Covered Person", names.get(one["person"])),
            ("Name of Insurance Company", one["insurer"]),
            ("Policy Number", one["policy_number"]),
            ("Termination Date", _day(one["termination_date"])),
        ]
        yield Block(_answered(facts))


def _other_coverages(answers: dict[str, Any], names: dict[int, str]) -> Iterator[Block]:
    yield Block([("Other coverage now or within the last 60 days", _YES_NO[answers["has_other_coverage"]])])
    for one in answers["other_coverages"] if answers["has_other_coverage"] else ():
        facts = [
            ("Applicant Name", names.get(one["person"])),
            ("Name on Other Policy", one["name_on_policy"]),
            ("Member Number", one["member_number"]),
            ("Group ID", one["group_id"]),
        ]
        yield Block(_answered(facts))


def _signatures(answers: dict[str, Any]) -> Iterator[Block]:
    for one in answers["signatures"]:
        if one["role"] == Signature.Role.REPRESENTATIVE and not answers["by_representative"]:
            continue
        at = one["attested_at"]
        facts = [
            ("Name", name_of(one)),
            ("Relationship to Applicant", one["relationship"]),
            ("Text", text_version(one["text"])),
            ("Attested on", moment_as_text(datetime.fromisoformat(at)) if at else ""),
            ("Recorded by", one["attested_by"]),
        ]
        yield Block(_answered(facts), _ROLES.get(one["role"], one["role"]))
    yield Block(
        _answered(
            [
                ("Submitted on", moment_as_text(datetime.fromisoformat(answers["submitted_at"]))),
                ("Submitted by", f"{answers['submitted_by']['name']} ({answers['submitted_by']['username']})"),
            ]
        ),
        "Submission",
    )


def money(amount: str | None) -> str:
    return f"${Decimal(amount):,.2f}" if amount is not None else ""


def phone(digits: str) -> str:
    """Ten digits as they are read out; anything else as it is."""
    if len(digits) != PHONE_DIGITS:
        return digits
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"


PHONE_DIGITS = Applicant._meta.get_field("phone").max_length or 10


def _day(iso: str | None) -> str:
    return as_text(date.fromisoformat(iso)) if iso else ""
