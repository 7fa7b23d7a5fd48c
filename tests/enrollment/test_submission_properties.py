"""Whatever household, plans, life event and answers: complete, it is submitted; without an answer it never is, and says so.

Everything is answered as the pages do it: step by step and card by card, through the services that keep a draft.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.http import QueryDict
from django.urls import resolve
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from clients.models import Account, MemberChange, Policy
from enrollment.models import Application, Submission
from enrollment.services import drafts
from enrollment.services import submission as service
from enrollment.services.applications import start_new
from enrollment.wizard.plans import PlanSelection
from enrollment.wizard.sections import WizardContext
from enrollment.wizard.signatures import ConsumerChoice
from enrollment.wizard.steps import step_of
from portal.common.dates import as_text
from tests.support.factories import ProducerNumberFactory
from tests.support.wizard import load_tables

# Within open enrollment and without it; both years of the small catalog.
MOMENTS = {True: datetime(2026, 11, 20, 16, tzinfo=UTC), False: datetime(2026, 6, 10, 16, tzinfo=UTC)}
PLACES = {
    "IL": [("60601", "Chicago"), ("60563", "Naperville")],
    "TX": [("77002", "Houston"), ("78701", "Austin")],
}
# Their window is open for ten days after the event at least, and they need nobody's decision.
EVENTS = ["LOSS_MEC", "BIRTH", "ADOPTION", "MARRIAGE", "PERMANENT_MOVE", "COURT_ORDER", "LOST_APTC", "DOMESTIC_ABUSE"]
NAMES = st.sampled_from(["Ann", "Bo", "Zoë", "José", "O'Brien", "Anne-Marie", "De la Cruz", "Ng"])
MEDICAL, DENTAL = Application.FormType.MEDICAL_DENTAL, Application.FormType.DENTAL
Answers = dict[str, Any]


@dataclass
class Case:
    """An application as somebody wants to make it: answers by step, as a browser sends them, and cards."""

    us_state: str
    at: datetime
    steps: dict[str, Answers]
    life_event: Answers | None
    people: list[tuple[str, Answers]]  # (list, card)
    coverage: list[tuple[str, Answers]]
    plan: int  # which of the plans offered
    dental: int | None
    form_type: str
    child_only: bool
    key: str = field(default="property-form-key-000000")


def yes_no(answer: bool) -> str:
    return "yes" if answer else "no"


def born(draw, at: datetime, ages: st.SearchStrategy[int]) -> date:
    # Some weeks past the birthday: no retroactive first day lies before it.
    return at.date() - timedelta(days=round(draw(ages) * 365.25) + draw(st.integers(100, 160)))


def tobacco(draw, prefix: str, at: datetime) -> Answers:
    uses = draw(st.booleans())
    used = as_text(at.date() - timedelta(days=draw(st.integers(0, 90)))) if uses else ""
    return {f"{prefix}-tobacco_use": yes_no(uses), f"{prefix}-tobacco_last_used": used}


def person(draw, prefix: str, at: datetime, ages: st.SearchStrategy[int]) -> Answers:
    return {
        f"{prefix}-first_name": draw(NAMES),
        f"{prefix}-middle_initial": draw(st.sampled_from(["", "q"])),
        f"{prefix}-last_name": draw(NAMES),
        f"{prefix}-date_of_birth": as_text(born(draw, at, ages)),
        f"{prefix}-sex": draw(st.sampled_from(["M", "F"])),
        **tobacco(draw, prefix, at),
    }


@st.composite
def cases(draw) -> Case:
    special = draw(st.booleans())
    at = MOMENTS[True] if not special else MOMENTS[draw(st.booleans())]
    us_state = draw(st.sampled_from(sorted(PLACES)))
    zip_code, city = draw(st.sampled_from(PLACES[us_state]))
    child_only = draw(st.sampled_from([False, False, True]))
    differs, hra = draw(st.booleans()), draw(st.sampled_from(["", "", "ICHRA", "QSEHRA"]))
    replaces, other, represented = (draw(st.sampled_from([False, False, True])) for _ in range(3))
    form_type = draw(st.sampled_from([MEDICAL, MEDICAL, DENTAL]))
    dental = draw(st.none() | st.integers(0, 9))
    happened = at.date() - timedelta(days=draw(st.integers(0, 9)))
    steps = {
        "general": {"special-special_enrollment": yes_no(special)},
        "applicant": {
            "form-type-form_type": form_type,
            "authorization-authorization": "PAPER",
            **person(draw, "personal", at, st.integers(0, 16) if child_only else st.integers(19, 80)),
            "personal-ssn": draw(st.sampled_from(["", "212-55-0001"])),
            "home-address_1": f"{draw(st.integers(1, 9999))} Lake St",
            "home-city": city,
            "home-us_state": us_state,
            "home-zip": zip_code,
            "mailing-mailing_differs": yes_no(differs),
            "mailing-mailing_address_1": "PO Box 12" if differs else "",
            "mailing-mailing_city": "Reno" if differs else "",
            "mailing-mailing_state": "NV" if differs else "",
            "mailing-mailing_zip": "89501" if differs else "",
            "contact-phone": "(630) 555-0142",
            "contact-phone_type": draw(st.sampled_from(["MOBILE", "LANDLINE"])),
            "contact-email": draw(st.sampled_from(["", "Ann@Mail.Example"])),
        },
        "household": {
            "hra-hra_kind": hra,
            "hra-hra_start": as_text(at.date().replace(day=1)) if hra else "",
            "hra-hra_employer": "Lantern Works" if hra else "",
            "hra-hra_contribution": "250.00" if hra else "",
            "optional-spoken_language": draw(st.sampled_from(["", "Spanish"])),
        },
        "plans": {"plan-pediatric_dental_elsewhere": "on" if dental is None else ""},
        "coverage": {
            "replaces-replaces_coverage": yes_no(replaces),
            "other-has_other_coverage": yes_no(other),
            "proxy-proxy_agreed": draw(st.sampled_from(["", "on"])),
        },
        "signatures": {
            "consumer-choice-agreed": "on",
            **(signer("guardian") if child_only else {}),
            "representative-by_representative": "on" if represented else "",
            **(signer("representative-name") if represented else {}),
            "payment-payment_choice": draw(st.sampled_from(["NOW", "LATER"])),
        },
    }
    people = (
        [("spouse", person(draw, "spouse", at, st.integers(18, 80)))] if not child_only and draw(st.booleans()) else []
    )
    ages = st.integers(0, 16) if child_only else st.integers(0, 24)
    people += [("dependents", person(draw, "dependents", at, ages)) for _ in range(draw(st.integers(0, 3)))]
    coverage = []
    if replaces:
        policy = {"insurer": "Old Mutual", "policy_number": "OM-1", "termination_date": as_text(happened)}
        coverage.append(("replacements", {f"replacements-{name}": text for name, text in policy.items()}))
    if other:
        policy = {"name_on_policy": "", "member_number": "M9", "group_id": "G7"}
        coverage.append(("other-coverages", {f"other-coverages-{name}": text for name, text in policy.items()}))
    life_event = {
        "life-events-code": draw(st.sampled_from(EVENTS)),
        "life-events-event_date": as_text(happened),
        "life-events-prior_coverage": draw(st.sampled_from(["yes", "exempt"])),
    }
    return Case(
        us_state=us_state,
        at=at,
        steps=steps,
        life_event=life_event if special else None,
        people=people,
        coverage=coverage,
        plan=draw(st.integers(0, 99)),
        dental=dental,
        form_type=form_type,
        child_only=child_only,
    )


def signer(prefix: str) -> Answers:
    return {f"{prefix}-first_name": "Rae", f"{prefix}-last_name": "Lee", f"{prefix}-relationship": "Aunt"}


# --- answering ---


class Desk:
    """Somebody at work on one application: sends steps and cards as the pages would."""

    def __init__(self, world, case: Case) -> None:
        number = world.number
        if case.us_state != number.us_state:
            number = ProducerNumberFactory(producer=world.producer.producer, us_state=case.us_state)
        self.case, self.by = case, world.producer
        self.row = start_new(number=number, by=self.by, at=case.at, form_key=case.key)

    def wizard(self) -> WizardContext:
        rows = Application.objects.select_related("producer_number__producer", "county", "quote", "terms")
        return WizardContext(rows.get(pk=self.row.pk), self.by, self.case.at)

    def send(self, slug: str, answers: Answers, *, verb: tuple[str, str] | None = None) -> None:
        step = step_of(slug)
        data = QueryDict(mutable=True)
        # Of a section everything arrives or nothing does.
        sent = {name.rsplit("-", 1)[0] for name in answers} | ({verb[0]} if verb else set())
        data.setlist("sections", [section.name for section in step.sections if section.name in sent])
        for name, value in answers.items():
            data[name] = value
        form = {"data": data, "form_key": "", "seen": "", "verb": verb}
        drafts.save_step(application=self.row, step=step, by=self.by, at=self.case.at, **form)

    def send_card(self, slug: str, name: str, answers: Answers, *, pk: int | None = None) -> None:
        step = step_of(slug)
        cards = next(one for one in step.lists if one.name == name)
        data = QueryDict(mutable=True)
        data.update(answers)
        key = f"card-{name}-{cards.query(self.wizard()).count()}"
        saved, form = drafts.save_card(
            application=self.row,
            step=step,
            cards=cards,
            pk=pk,
            data=data,
            by=self.by,
            at=self.case.at,
            form_key=key,
            seen="",
        )
        assert saved.changed, form.errors

    def answer_everything(self) -> None:
        case = self.case
        self.send("general", case.steps["general"])
        if case.life_event:
            self.send_card("general", "life-events", case.life_event)
        self.send("general", case.steps["general"], verb=("effective", "calculate"))
        self.send("applicant", case.steps["applicant"])
        self.send("household", case.steps["household"])
        for name, card in case.people:
            self.send_card("household", name, card)
        self.send("plans", self.plans())
        self.send("coverage", case.steps["coverage"])
        primary = str(self.row.applicants.get(position=0).pk)
        for name, card in case.coverage:
            if name == "other-coverages" or case.steps["coverage"]["replaces-replaces_coverage"] == "yes":
                if self.shows("coverage", name):
                    self.send_card("coverage", name, {**card, f"{name}-applicant": primary})
        self.send("signatures", case.steps["signatures"])

    def shows(self, slug: str, name: str) -> bool:
        wizard = self.wizard()
        return any(part.name == name and part.shown(wizard) for part in step_of(slug).parts)

    def plans(self) -> Answers:
        """The step of the plans with plans that are offered, chosen by their place in the list."""
        wizard = self.wizard()
        form = PlanSelection(wizard=wizard, initial=PlanSelection.read(wizard))
        answers = dict(self.case.steps["plans"])
        wanted = {"medical": self.case.plan, "dental": self.case.dental}
        if self.case.form_type == DENTAL:
            wanted = {"dental": self.case.plan}
        for name, place in wanted.items():
            if place is not None:
                offered = list(form.fields[name].offered.values())
                assert offered, f"no {name} plan for {self.case}"
                one = offered[place % len(offered)]
                answers[f"plan-{name}"] = f"{one.plan.pk}-{one.premium.total:.2f}"
        return answers

    def submit(self) -> Submission:
        return service.submit(application=self.row, by=self.by, at=self.case.at, form_key=self.case.key)


class Undo(Exception):
    """Each example begins with the rows of the first."""


def example(check: Callable[[Desk], None], world, case: Case) -> None:
    """Answer the case completely and look at it; nothing of it stays."""
    try:
        with transaction.atomic():
            desk = Desk(world, case)
            desk.answer_everything()
            check(desk)
            raise Undo
    except Undo:
        pass


# --- complete ---


def is_submitted(desk: Desk) -> None:
    event(f"{desk.case.us_state} {desk.case.form_type} child only: {desk.case.child_only}")
    assert service.still_missing(desk.wizard()) == []
    made = desk.submit()
    assert (made.outcome, made.reasons) == ("WAITING", [])
    desk.row.refresh_from_db()
    assert desk.row.status == "COMPLETED"
    plans = dict(desk.row.plans.values_list("line", "monthly_premium"))
    assert made.monthly_premium == sum(plans.values())
    policies = Policy.objects.filter(eapp_number=desk.row.eapp_number)
    assert dict(policies.values_list("line", "monthly_premium")) == plans
    assert policies.first().member_count == 1 + len(desk.case.people)
    assert MemberChange.objects.filter(kind="ENROLL").count() == len(plans)


# --- with answers taken away or broken ---


@dataclass(frozen=True)
class Break:
    """One thing that is wrong: what to do, and where the portal must say so (step, section, field)."""

    name: str
    do: Callable[[Desk], None]
    place: tuple[str, str, str]


def sends(step: str, section: str, name: str, value: str) -> Break:
    """One field sent anew, with another answer."""

    def do(desk: Desk) -> None:
        form_fields = {f"{section}-{name}": value}
        if (section, name) == ("hra", "hra_kind"):
            form_fields["hra-hra_employer"] = "Lantern Works"
        desk.send(step, form_fields)

    return Break(f"{section}.{name}={value!r}", do, (step, section, name))


def breaks_of(desk: Desk) -> Iterator[Break]:
    """Everything that can go wrong with this application."""
    for name, values in {
        "first_name": ["", "123", "x" * 61],
        "last_name": ["", "\u202e"],
        "date_of_birth": ["", "02/30/1990", "01/01/2090", "01/01/1800"],
        "sex": ["", "Q"],
        "tobacco_use": ["", "maybe"],
        "ssn": ["123", "000-00-0000"],
        "middle_initial": ["QQ", "1"],
    }.items():
        yield from (sends("applicant", "personal", name, value) for value in values)
    for name, values in {
        "address_1": ["", "x" * 121],
        "city": ["", "\x07"],
        "zip": ["", "0000", "10001"],
        "us_state": ["NV"],
    }.items():
        yield from (sends("applicant", "home", name, value) for value in values)
    yield sends("applicant", "mailing", "mailing_differs", "")
    yield from (sends("applicant", "contact", "phone", value) for value in ("", "12", "9" * 25))
    yield sends("applicant", "contact", "phone_type", "")
    yield sends("applicant", "contact", "email", "ann@")
    yield from (sends("applicant", "form-type", "form_type", value) for value in ("", "VISION"))
    yield from (sends("applicant", "authorization", "authorization", value) for value in ("", "BOTH"))
    if desk.case.steps["household"]["hra-hra_kind"] == "":
        yield sends("household", "hra", "hra_kind", "")
    yield sends("household", "hra", "hra_contribution", "-5")
    yield from (sends("signatures", "payment", "payment_choice", value) for value in ("", "NEVER"))
    if desk.case.life_event:

        def no_event(one: Desk) -> None:
            one.row.life_events.all().delete()

        def other_day(one: Desk) -> None:
            row = one.row.life_events.get()
            there = {**one.case.life_event, "life-events-event_date": as_text(row.event_date - timedelta(days=1))}
            one.send_card("general", "life-events", there, pk=row.pk)

        yield Break("no life event", no_event, ("general", "life-events", ""))
        yield Break("not calculated", other_day, ("general", "effective", ""))

    def no_plans(one: Desk) -> None:
        one.row.plans.all().delete()

    line = "dental" if desk.case.form_type == DENTAL else "medical"
    yield Break("no plan", no_plans, ("plans", "plan", line))
    yield sends("plans", "plan", line, "999999-1.00")
    for relation, name in (("spouse", "spouse"), ("child", "dependents")):
        people = desk.row.applicants.filter(relation=relation)
        if people.exists():
            for column, value in (("first_name", ""), ("date_of_birth", None), ("sex", "")):

                def lacks(one: Desk, relation=relation, column=column, value=value) -> None:
                    one.row.applicants.filter(relation=relation).update(**{column: value})

                yield Break(f"{relation} without {column}", lacks, ("household", name, "card"))

    def unfilled(section: str, name: str) -> Callable[[Desk], None]:
        def do(one: Desk) -> None:
            one.row.replacements.all().delete()
            one.row.other_coverages.all().delete()
            one.send("coverage", {f"{section}-{name}": "yes"})

        return do

    if desk.shows("coverage", "replaces"):
        yield Break("nothing replaced", unfilled("replaces", "replaces_coverage"), ("coverage", "replacements", ""))
    yield Break("no other coverage", unfilled("other", "has_other_coverage"), ("coverage", "other-coverages", ""))
    for section in ("guardian", "representative-name"):
        if desk.shows("signatures", section):
            for name in ("first_name", "last_name", "relationship"):
                yield sends("signatures", section, name, "")
    if desk.shows("signatures", ConsumerChoice.name):

        def disagrees(one: Desk) -> None:
            one.row.signatures.filter(role="CONSUMER_CHOICE").delete()

        yield Break("disclosure", disagrees, ("signatures", "consumer-choice", "agreed"))


def never_submits(data: st.DataObject) -> Callable[[Desk], None]:
    def check(desk: Desk) -> None:
        possible = list(breaks_of(desk))
        chosen = data.draw(
            st.lists(st.sampled_from(possible), min_size=1, max_size=3, unique_by=lambda one: one.place[:2]),
            label="broken",
        )
        for one in chosen:
            event(one.name)
            one.do(desk)
        before = Account.objects.count()
        with pytest.raises(service.NotComplete) as refused:
            desk.submit()
        missing = refused.value.missing
        places = {(one.step, one.section, "card" if one.card else one.field) for one in missing}
        hidden = {("signatures", "guardian"), ("signatures", "consumer-choice")}
        for one in chosen:
            # Who signs depends on the dates of birth and the plan, which may be gone now.
            if one.place[:2] in hidden and not desk.shows(*one.place[:2]):
                continue
            if one.place[:2] == ("plans", "plan"):
                assert one.place[:2] in {place[:2] for place in places}, (one.name, missing)
            else:
                assert one.place in places, (one.name, missing)
        for one in missing:
            assert one.sentence, one
            target = urlsplit(one.url(desk.row))
            found = resolve(target.path)
            assert (found.kwargs["record_number"], found.kwargs["step"]) == (desk.row.record_number, one.step)
            assert one.card or target.fragment.startswith((f"id_{one.section}-", f"section-{one.section}"))
        desk.row.refresh_from_db()
        assert (desk.row.status, Submission.objects.count()) == ("INCOMPLETE", 0)
        assert (MemberChange.objects.filter(kind="ENROLL").count(), Account.objects.count()) == (0, before)

    return check


# An example takes half a second: a failing one is told as it is, not made smaller.
AS_IT_IS = {"phases": [Phase.generate], "suppress_health_check": list(HealthCheck), "database": None}
few = settings(derandomize=True, max_examples=3, **AS_IT_IS)
many = settings(max_examples=120, **AS_IT_IS)


@pytest.fixture
def tables(world, catalog):
    load_tables()
    return world


@pytest.mark.feature("SIG_06")
@few
@given(case=cases())
def test_whatever_is_complete_is_submitted(tables, case):
    example(is_submitted, tables, case)


@pytest.mark.feature("SIG_06")
@few
@given(case=cases(), data=st.data())
def test_whatever_lacks_an_answer_is_not_and_every_gap_is_named(tables, case, data):
    example(never_submits(data), tables, case)


@pytest.mark.drill
@pytest.mark.timeout(900)
@many
@given(case=cases())
def test_many_complete_ones_are_submitted(tables, case):
    example(is_submitted, tables, case)


@pytest.mark.drill
@pytest.mark.timeout(900)
@many
@given(case=cases(), data=st.data())
def test_many_that_lack_an_answer_are_not(tables, case, data):
    example(never_submits(data), tables, case)
