"""What is printed: every required item for each state, product and market; the page, its tags, its true sizes."""

import hashlib
import re
import sys
from dataclasses import replace
from datetime import date, timedelta

import pytest

from clients.idcards import bundles, content, rendering
from clients.idcards.content import Card, in_force, why_no_card
from clients.models import IdCardRule
from tests.support.cards import (
    BORN,
    DAY,
    FACTS,
    ISSUERS,
    RULES,
    SSN,
    card,
    member_of,
    pcp_of,
    policy_of,
    reader,
    texts,
    words,
)

pytestmark = pytest.mark.no_db
EVERY = [
    (us_state, product, market)
    for us_state in ("IL", "MT", "NM", "OK", "TX")
    for product in ("HMO", "PPO", "POS", "EPO", "DENTAL")
    for market in ("ON", "OFF")
]
RX_LABELS = {"NM": ("RxBin", "RxPCN", "RxGrp"), "OK": ("BIN", "PCN", "GRP")}
FIXED = b"of-the-tests-016"
FOLD = 36 + 22.5 + 247.5  # from the left edge of the page


@pytest.fixture(scope="module")
def all_pages():
    """One document with a page for each combination: laid out once, for all tests."""
    pages = reader(rendering.render([card(*one) for one in EVERY], identifier=FIXED)).pages
    return dict(zip(EVERY, pages, strict=True))


def places(page) -> list[tuple[str, float, float, str, float]]:
    """Each piece of text with its place (points from the left and the lower edge), font and size."""
    found = []

    def visit(text, ctm, matrix, font, size):
        if text.strip():
            x, y = matrix[4] * ctm[0] + ctm[4], matrix[5] * ctm[3] + ctm[5]
            name = str(font["/BaseFont"]).partition("+")[2] if font else ""
            found.append((text, x, y, name, round(abs(size * matrix[3] * ctm[3]), 1)))

    page.extract_text(visitor_text=visit)
    return found


def bottom_of_card(page) -> float:
    """The lower edge of the true-size card: five points under the form number on its back."""
    return next(y for text, x, y, _, _ in places(page) if "PSH-ID" in text and x > FOLD) - 7


def faces(page) -> tuple[str, str]:
    """The text of the front and of the back, told apart by where it stands."""
    bottom = bottom_of_card(page)
    on_card = [(text, x) for text, x, y, _, _ in places(page) if bottom <= y <= bottom + 153]
    sides = ([text for text, x in on_card if x < FOLD], [text for text, x in on_card if x >= FOLD])
    return tuple(" ".join(" ".join(side).split()) for side in sides)


@pytest.mark.feature("IDC_10")
@pytest.mark.parametrize("one", EVERY, ids="-".join)
@pytest.mark.sampled(12)
def test_every_required_item_stands_on_the_card(all_pages, one):
    us_state, product, market = one
    page = all_pages[one]
    text = words(page)
    medical = product != "DENTAL"
    issuer = ISSUERS[us_state, "MEDICAL" if medical else "DENTAL"]
    facts = FACTS[policy_of(*one).plan_id]
    prefix = {"IL": "PSI", "MT": "PSM", "NM": "PSN", "OK": "PSO", "TX": "PST"}[us_state]
    required = [
        *("Prairie Summit", policy_of(*one).product_name, "Laura E Kowalski", f"{prefix}812345678901", "IS2105"),
        *("01/01/2026", "Issued on 11/21/2026", "Use until 12/21/2026", "Not proof of coverage"),
        *(issuer.issuer_id, issuer.member_services, "711", issuer.website, issuer.provider_line),
        *("Send claims to", issuer.claims_name, issuer.claims_address, "This coverage is fully insured."),
        *(issuer.form_number, f"${facts.deductible_individual:,}", f"${facts.deductible_family:,}"),
    ]
    if medical:
        labels = RX_LABELS.get(us_state, ("RxBIN", "RxPCN", "RxGrp"))
        required += [
            *(f"{labels[0]} {issuer.rx_bin}", f"{labels[1]} {issuer.rx_pcn}", f"{labels[2]} {issuer.rx_group}"),
            *(f"${facts.out_of_pocket_individual:,}", f"${facts.out_of_pocket_family:,}"),
            *(f"Generic {facts.generic_drug}", f"Brand {facts.brand_drug}", issuer.pharmacy_desk, product),
            "Not covered" if product == "HMO" else f"${facts.deductible_out_individual:,}",
            *((issuer.pharmacy_administrator,) if us_state == "TX" else ()),
        ]
    else:
        required += ["Dental", "Annual maximum", f"${facts.annual_maximum:,}"]
    if product in ("HMO", "POS"):
        required += ["Catherine Okonkwo", "203 Lakeside Family Physicians"]
    assert [item for item in required if item not in text] == []
    forbidden = [SSN, f"{SSN[:3]}-{SSN[3:5]}-{SSN[5:]}", f"{BORN:%m/%d/%Y}", f"{BORN:%Y-%m-%d}"]
    assert [item for item in forbidden if item in text] == []
    assert ("TDI" in text) == (us_state == "TX")
    assert ("QHP" in text) == (us_state == "TX" and market == "ON")
    assert ("Rx" in text) == (medical and us_state != "OK") or us_state == "TX"
    # Nine digits alone are an SSN's shape; the member ID is the only long number that is anybody's.
    assert re.findall(r"(?<![\w-])\d{9}(?![\w-])", text) == []


@pytest.mark.parametrize(
    "one", [("TX", "HMO", "ON"), ("IL", "PPO", "OFF"), ("NM", "HMO", "OFF"), ("IL", "DENTAL", "OFF")]
)
def test_front_and_back_hold_what_belongs_there(all_pages, one):
    front, back = faces(all_pages[one])
    issuer = ISSUERS[one[0], "DENTAL" if one[1] == "DENTAL" else "MEDICAL"]
    on_front = ["Laura E Kowalski", "812345678901", "IS2105", "01/01/2026", issuer.issuer_id, "Deductible"]
    if one[0] == "TX":  # Tex. Ins. Code 1369.153, 28 TAC 21.2820
        on_front += ["TDI", "QHP", issuer.rx_bin, "Generic", "Brand", "Lantern Pharmacy Services"]
    on_back = [issuer.claims_name, issuer.claims_address, issuer.provider_line, "This coverage is fully insured."]
    assert [item for item in on_front if item not in front] == []
    assert [item for item in on_back if item not in back] == []


@pytest.mark.parametrize("product", ["HMO", "DENTAL"])
@pytest.mark.parametrize("us_state", ["NM", "TX"])
def test_no_letter_is_too_small_and_pharmacy_data_in_new_mexico_is_an_eight_point_serif(all_pages, us_state, product):
    found = {(font, size) for _, _, _, font, size in places(all_pages[us_state, product, "OFF"])}
    assert min(size for _, size in found) >= 6.5
    # 13.10.19 NMAC; Tinos has the measures of Times New Roman.
    serif = {size for font, size in found if "Serif" in font or "Tinos" in font}
    assert serif == ({8.0} if (us_state, product) == ("NM", "HMO") else set())


def test_a_page_for_each_member_of_letter_size_tagged_with_language_and_title():
    one, other = member_of("Noah"), member_of("Emma", member_id="812345678902")
    pdf = rendering.render(
        [card("IL", "HMO", member=one, pcp=pcp_of("Alvarez")), card("IL", "HMO", member=other, pcp=pcp_of("Brandt"))]
    )
    document = reader(pdf)
    assert [tuple(map(float, page.mediabox)) for page in document.pages] == [(0, 0, 612, 792)] * 2
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-US"
    assert document.metadata is not None
    assert document.metadata.title == "Temporary identification card"
    assert b"pdfuaid" in root["/Metadata"].get_data()
    first, second = texts(pdf)
    assert "Alvarez" in first
    assert "Brandt" not in first
    assert "Brandt" in second
    assert "Noah" not in second


def test_a_pcp_to_be_chosen_is_said():
    (text,) = texts(rendering.render([card("IL", "HMO", pcp=None)]))
    assert "PCP: to be assigned" in text
    assert "Primary care physician To be assigned" in text


def test_what_members_are_called_is_text_and_nothing_else():
    hostile = member_of('<b>Ann</b> & "Lee"', "<img src='file:///etc/passwd'>", "812345678903")
    (text,) = texts(rendering.render([card("IL", "PPO", member=hostile)]))
    assert "<b>Ann</b> & \"Lee\" E <img src='file:///etc/passwd'>" in text.replace("’", "'")


@pytest.mark.parametrize(
    "url", ["https://example.com/a.png", "file:///etc/passwd", "http://169.254.169.254/", "card:nothing.woff"]
)
def test_nothing_but_bundled_files_is_read(url):
    from weasyprint.urls import FatalURLFetchingError

    with pytest.raises(FatalURLFetchingError):
        rendering._bundled_only().fetch(url)


def test_letters_of_other_latin_alphabets_are_in_the_bundled_fonts():
    document = reader(rendering.render([card("IL", "PPO", member=member_of("Núria", "Ōtsuka-Łukasiewicz"))]))
    assert "Ōtsuka-Łukasiewicz" in words(document.pages[0])
    fonts = document.pages[0]["/Resources"]["/Font"]
    assert all("DejaVu" not in str(font.get_object()["/BaseFont"]) for font in fonts.values())


# The words and their order, and the places of the first letters: what a person sees. Bytes differ with the version of Pango.
GOLDEN = {
    ("IL", "HMO", "OFF"): "c9b7170c97c4e578",
    ("NM", "PPO", "ON"): "b101f03966fa4c66",
    ("TX", "DENTAL", "ON"): "d789469d11ae0fae",
}


@pytest.mark.parametrize("one", GOLDEN, ids="-".join)
def test_the_words_of_a_card_and_their_order_are_those_that_were_filed(all_pages, one):
    """When this fails the card has changed: give ``content.LAYOUT`` the next number, see docs/operations.md, then write the new sums."""
    found = hashlib.sha256(words(all_pages[one]).encode()).hexdigest()[:16]
    assert (content.LAYOUT, found) == (1, GOLDEN[one])


def test_the_same_card_with_the_same_identifier_is_the_same_file():
    one = card("IL", "HMO")
    assert rendering.render([one], identifier=FIXED) == rendering.render([one], identifier=FIXED)


LONG = "No charge after deductibl"[:24]


@pytest.mark.parametrize("us_state", ["NM", "TX"])
def test_the_longest_card_stays_within_its_edges_and_on_its_page(us_state):
    name = member_of("Maximiliana Josephine", "Vandenberghe-Featherstonehaugh")
    full = card(us_state, "HMO", "ON", member=name, pcp=pcp_of("Lindqvist-Papadopoulos of Evanston"))
    full = replace(
        full,
        visits=tuple(replace(line, value=LONG) for line in full.visits),
        drugs=tuple(replace(line, value=LONG) for line in full.drugs),
    )
    (page,) = reader(rendering.render([full])).pages
    bottom = bottom_of_card(page)
    front = [y for text, x, y, _, _ in places(page) if x < FOLD and bottom - 20 < y < bottom + 153 and LONG[:9] in text]
    assert front
    assert min(front) > bottom + 2
    text = words(page)
    assert "Brand No charge" in text
    assert text.rstrip().endswith(f"Form {full.form_number}.")


# --- what is data ---


def test_the_row_that_says_most_exactly_for_whom_it_is_counts():
    def row(value, us_state="", product="", market="", first=date(2020, 1, 1), last=None):
        return IdCardRule(
            item="regulator_mark",
            us_state=us_state,
            product=product,
            market=market,
            value=value,
            first_day=first,
            last_day=last,
        )

    rows = [
        row("everywhere"),
        row("newer everywhere", first=date(2025, 1, 1)),
        row("market", market="ON"),
        row("product", product="HMO"),
        row("state", us_state="TX"),
        row("state and product", us_state="TX", product="HMO", last=DAY),
        row("to come", us_state="TX", product="HMO", first=DAY + timedelta(days=1)),
    ]

    def chosen(us_state, product, market, on=DAY):
        return in_force(rows, us_state=us_state, product=product, market=market, on=on)["regulator_mark"]

    assert chosen("IL", "PPO", "OFF") == "newer everywhere"
    assert chosen("IL", "PPO", "OFF", date(2024, 12, 31)) == "everywhere"
    assert chosen("IL", "PPO", "ON") == "market"
    assert chosen("IL", "HMO", "ON") == "product"
    assert chosen("TX", "PPO", "ON") == "state"
    assert chosen("TX", "HMO", "ON") == "state and product"
    assert chosen("TX", "HMO", "ON", DAY + timedelta(days=1)) == "to come"


def test_every_shipped_row_names_its_source():
    assert all(row.source and row.first_day for row in [*RULES, *ISSUERS.values(), *FACTS.values()])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"plan_id": ""}, content.NO_PLAN_ID),
        ({"facts": None}, content.NO_FACTS),
        ({"issuer": None}, content.NO_ISSUER),
        ({"rules": []}, content.NO_RULES),
        ({"approved": None}, content.NOT_APPROVED),
        ({"approved": DAY + timedelta(days=1)}, content.NOT_APPROVED),
        ({"layout": 0}, content.NOT_APPROVED),
    ],
)
def test_a_card_that_would_have_blanks_is_refused_with_the_reason(change, reason):
    policy = policy_of("OK", "HMO", "OFF")
    policy.plan_id = change.get("plan_id", policy.plan_id)
    issuer = change.get("issuer", ISSUERS["OK", "MEDICAL"])
    before = (issuer.form_approved_on, issuer.form_layout) if issuer else None
    if issuer:
        issuer.form_approved_on = change.get("approved", issuer.form_approved_on)
        issuer.form_layout = change.get("layout", issuer.form_layout)
    items = in_force(change.get("rules", RULES), us_state="OK", product="HMO", market="OFF", on=DAY)
    said = why_no_card(policy, facts=change.get("facts", FACTS["00040OK0100005"]), issuer=issuer, items=items, on=DAY)
    if issuer and before:
        issuer.form_approved_on, issuer.form_layout = before
    assert said == (f"{reason} {content.ASK_CARRIER}" if reason else "")


# --- several in one file ---


def test_one_file_of_several_cards_keeps_the_tags_of_all():
    singles = [rendering.render([card(*one)]) for one in (("IL", "PPO"), ("IL", "HMO"), ("NM", "HMO"))]
    document = reader(bundles.merged(singles))
    assert [words(page) for page in document.pages] == [texts(single)[0] for single in singles]
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-US"
    tagged: list[int] = []
    ids: list[str] = []

    def walk(element):
        element = element.get_object()
        if not isinstance(element, dict):
            return
        if "/Pg" in element:
            tagged.append(
                element["/Pg"].indirect_reference.idnum if hasattr(element["/Pg"], "indirect_reference") else 0
            )
        if "/ID" in element:
            ids.append(str(element["/ID"]))
        kids = element.get("/K", [])
        for kid in kids if isinstance(kids, list) else [kids]:
            if hasattr(kid, "get_object") and not isinstance(kid, int):
                walk(kid)

    walk(root["/StructTreeRoot"])
    assert {page.indirect_reference.idnum for page in document.pages} == set(tagged)
    assert len(ids) == len(set(ids))
    numbers = list(map(int, root["/StructTreeRoot"]["/ParentTree"]["/Nums"][::2]))
    assert sorted(int(page["/StructParents"]) for page in document.pages) == sorted(
        number for number in numbers if number in {int(page["/StructParents"]) for page in document.pages}
    )
    assert len(numbers) == len(set(numbers))


# --- without the libraries ---


def test_missing_libraries_are_said_in_words(monkeypatch):
    monkeypatch.setattr(rendering, "_kept", None)
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    real_import = __import__

    def refuse(name, *args, **kwargs):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr("builtins.__import__", refuse)
    with pytest.raises(rendering.CannotRender, match="Support has to add them"):
        rendering.render([card("IL", "PPO")])


def test_a_card_says_what_it_is_in_its_corner():
    assert [card("IL", product).badge for product in ("HMO", "PPO", "DENTAL")] == ["HMO", "PPO", "Dental PPO"]
    assert isinstance(card("IL", "PPO"), Card)
