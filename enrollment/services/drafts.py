"""Saving the application as it is filled in: every step, field group and card, by whoever works on it (WIZ_07, WIZ_08).

A draft takes whatever is valid; what is not stays beside it as it was typed. Of two people, or two tabs, who work on the
same page the later one is told what differs before anything is overwritten.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.http import QueryDict

from accounts.models import User
from enrollment.models import Application
from enrollment.rules import application_days
from enrollment.wizard.cards import CardList
from enrollment.wizard.sections import CardSection, Done, Section, WizardContext, stamp
from enrollment.wizard.steps import Step
from portal.common import audit, form_keys
from portal.common.dates import as_text, moment_as_text, today_in

Status = Application.Status
OPEN = (Status.INCOMPLETE, Status.FAILED)
NOTHING = "nothing"
NOT_SHOWN = "an entry that is not shown here"


class DraftClosed(Exception):
    """The application takes no more answers; the text is fit to show and says why."""


class CannotDelete(Exception):
    """The card has to stay; the text is fit to show."""


@dataclass(frozen=True)
class Difference:
    """A question two people have answered in different ways."""

    label: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class Conflict:
    """Somebody else, or another tab, saved the same page meanwhile, and what differs from what was sent now."""

    saved_by: str
    saved_at: str
    differences: list[Difference]


@dataclass
class Saved:
    """What became of a page that was sent."""

    wizard: WizardContext
    # The sections as they were sent, each with the messages of its fields; those drawn but not sent are not here.
    sections: dict[str, Section] = field(default_factory=dict)
    changed: bool = False
    conflict: Conflict | None = None
    done: Done | None = None
    # The section whose button was performed.
    done_by: str = ""
    # Parts that an answer has opened and that nobody has seen yet.
    opened: list[type[Section]] = field(default_factory=list)


def why_closed(application: Application, *, today: date) -> str:
    """Why the application takes no more answers, fit to show; empty when it does. ``today`` is its state's civil day."""
    if application.withdrawn_at is not None:
        return "This application was withdrawn. Bring it back to go on with it."
    if application.status not in OPEN:
        return "This application has been submitted. It can no longer be changed."
    if application_days.is_expired(expires_on=application.expires_on, today=today):
        return f"This application expired on {as_text(application.expires_on)}. Start a new one."
    return ""


def page_stamp(wizard: WizardContext, step: Step) -> str:
    """What the step's sections hold now, to be sent along with the page (see ``save_step``)."""
    shown = [section for section in step.sections if section.shown(wizard)]
    return stamp([(one.name, {**one.read(wizard), "typed": wizard.typed(one.name)}) for one in shown])


def card_stamp(wizard: WizardContext, form_class: type[CardSection], row: Any) -> str:
    """What the card holds now, to be sent along with its page."""
    return stamp([(form_class.name, form_class.read(wizard, row))])


@transaction.atomic
def save_step(
    *,
    application: Application,
    step: Step,
    data: QueryDict,
    by: User,
    at: datetime,
    form_key: str,
    turn: int = 0,
    seen: str,
    force: bool = False,
    verb: tuple[str, str] | None = None,
    enter: bool = False,
) -> Saved:
    """Keep the valid answers of the sections named in ``data`` ("sections"), and the raw text of the others.

    ``seen`` is the page's ``page_stamp`` when it was shown: when somebody else's form has saved something else there since,
    nothing is written and ``Saved.conflict`` says what differs, unless ``force`` or ``seen`` is empty. A form that comes twice
    changes nothing the second time. ``turn`` counts what a page sends: an earlier save that a later one has overtaken on the
    way changes nothing; 0 for a page that does not count. ``verb`` is (section, verb) of a button to perform after saving; ``enter`` looks for one among those that
    Enter presses (``Section.on_enter``). ``Saved.opened`` names the sections that were not on the page. Raises ``DraftClosed``.
    """
    wizard = _open(application, by=by, at=at)
    before = page_stamp(wizard, step)
    saved = Saved(wizard)
    closed = [part for part in step.sections if not part.shown(wizard)]
    sent = set(data.getlist("sections"))
    wanted = [part for part in step.sections if part.name in sent]
    if _is_overtaken(wizard, form_key, turn):
        return saved
    own = bool(form_key) and wizard.application.saved_form == form_key
    if seen and seen != before and not force and not own:
        saved.conflict = _conflict(wizard, wanted, data)
        if saved.conflict is not None:
            saved.sections = {part.name: part(data, wizard=wizard) for part in wanted if part.shown(wizard)}
            return saved
    fields: list[str] = []
    for part in wanted:
        # Asked one by one: an answer above may open or close a section below.
        if not part.shown(wizard):
            continue
        section = part(data, wizard=wizard, initial=part.read(wizard))
        if enter and verb is None and (pressed := section.on_enter()):
            verb = (part.name, pressed)
        _keep(wizard, section)
        saved.sections[part.name] = section
        fields += [f"{part.name}.{name}" for name in section.changed_data if section.was_sent(name)]
    saved.changed = page_stamp(wizard, step) != before
    if verb is not None:
        saved.done, saved.done_by = _perform(wizard, saved.sections, verb), verb[0]
    saved.opened = [part for part in closed if part.name not in sent and part.shown(wizard)]
    if saved.changed or saved.done is not None:
        _touch(wizard, form_key, turn)
        _record("application.saved", wizard, step=step.slug, fields=sorted(fields)[:60])
    else:
        # What a section keeps beside what it reads is kept all the same.
        _remember(wizard, form_key, turn)
        wizard.application.save()
    return saved


def _keep(wizard: WizardContext, section: Section) -> None:
    _ = section.errors
    section.keep(wizard)
    wizard.keep_typed(section.name, section.raw())


def _perform(wizard: WizardContext, sections: dict[str, Section], verb: tuple[str, str]) -> Done | None:
    section = sections.get(verb[0])
    return section.perform(wizard, verb[1]) if section is not None else None


def _conflict(wizard: WizardContext, wanted: Iterable[type[Section]], data: QueryDict) -> Conflict | None:
    """What differs between the page as sent and as it stands; ``None`` when they say the same."""
    differences: list[Difference] = []
    for part in wanted:
        if part.shown(wizard):
            differences += differences_of(part(data, wizard=wizard), part.as_kept(wizard))
    return _as_conflict(wizard, differences)


def _as_conflict(wizard: WizardContext, differences: list[Difference]) -> Conflict | None:
    if not differences:
        return None
    row = wizard.application
    if row.saved_by_id == wizard.user.pk:
        who = "You, in another window,"
    else:
        who = (row.saved_by.get_full_name() or row.saved_by.get_username()) if row.saved_by else "Somebody else"
    return Conflict(who, moment_as_text(row.updated_at), differences)


def differences_of(mine: Section, theirs: Section) -> list[Difference]:
    """The questions on which two filled-in forms differ, in words."""
    found = []
    for name in mine.fields:
        if name not in theirs.fields or not mine.was_sent(name):
            continue
        texts = [_words(form, name) for form in (mine, theirs)]
        if texts[0] != texts[1]:
            if name in mine.secret:
                texts = [NOT_SHOWN if text != NOTHING else NOTHING for text in texts]
            found.append(Difference(str(mine[name].label), *texts))
    return found


def _words(form: Section, name: str) -> str:
    """An answer as people read it."""
    one = form.fields[name]
    value = form[name].value()
    if isinstance(value, bool):
        return "Yes" if value else "No"
    choices = {str(key): str(label) for key, label in _flat(getattr(one, "choices", []))}
    values = value if isinstance(value, list | tuple) else [value]
    texts = [choices.get(str(each), str(each)) if each not in (None, "") else "" for each in values]
    if form.is_bound and name in getattr(form, "cleaned_data", {}) and not choices:
        # The same number typed in two ways is the same answer.
        clean = form.cleaned_data[name]
        texts = [as_text(clean) if isinstance(clean, date) else str(one.prepare_value(clean) or "")]
    return ", ".join(filter(None, texts)) or NOTHING


def _flat(choices: Any) -> Iterable[tuple[Any, Any]]:
    for key, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield key, label


def move_to(*, application: Application, step: Step) -> None:
    """Remember where to go on; nothing happens to an application that takes no answers."""
    Application.objects.filter(pk=application.pk, status__in=OPEN, withdrawn_at=None).update(last_step=step.slug)


# --- cards ---


@transaction.atomic
def save_card(
    *,
    application: Application,
    step: Step,
    cards: type[CardList],
    pk: int | None,
    data: QueryDict,
    by: User,
    at: datetime,
    form_key: str,
    turn: int = 0,
    seen: str,
    force: bool = False,
) -> tuple[Saved, CardSection]:
    """Keep a card when all of it is valid; ``Saved.changed`` says whether it was kept, or had been by the same form before.

    What was typed stays with the draft until then. Raises ``DraftClosed``, also for a card that is no longer there or
    when no more can be added.
    """
    wizard = _open(application, by=by, at=at)
    saved = Saved(wizard)
    row = None
    if pk is not None:
        row = cards.row(wizard, pk)
        if row is None:
            raise DraftClosed("It was deleted meanwhile.")
    form = cards.form_class(data, wizard=wizard, row=row, initial=cards.form_class.read(wizard, row))
    with transaction.atomic():
        if row is None and not form_keys.first_time("application.card", f"{by.pk}:{form_key}", at=at):
            saved.changed = True
            return saved, form
        if row is None and (why := cards.why_no_more(wizard)):
            raise DraftClosed(why)
        if row is not None and seen and not force and seen != card_stamp(wizard, cards.form_class, row):
            kept = cards.form_class.read(wizard, row)
            theirs = cards.form_class(wizard=wizard, row=row, initial=kept)
            saved.conflict = _as_conflict(wizard, differences_of(form, theirs))
        saved.changed = saved.conflict is None and form.is_valid()
        if saved.changed:
            form.keep(wizard)
            wizard.keep_typed(form.typed_name(row), {})
            _touch(wizard, form_key, turn)
            _record("application.saved", wizard, step=step.slug, fields=[cards.name])
        else:
            # The same form comes again once it is put right: it has not been here.
            transaction.set_rollback(True)
    if not saved.changed:
        wizard.keep_typed(form.typed_name(row), form.everything_sent())
        wizard.application.save(update_fields=["typed"])
    return saved, form


@transaction.atomic
def keep_card_text(
    *,
    application: Application,
    cards: type[CardList],
    pk: int | None,
    data: QueryDict | None,
    by: User,
    at: datetime,
    form_key: str = "",
    turn: int = 0,
) -> None:
    """Keep what was typed on a card's page so far, or forget it (``data`` is ``None``).

    What the page sent before it was saved or cancelled (``turn``, as in ``save_step``) and arrives after that is not kept.
    Raises ``DraftClosed``.
    """
    wizard = _open(application, by=by, at=at)
    if _is_overtaken(wizard, form_key, turn):
        return
    row = cards.row(wizard, pk) if pk is not None else None
    if pk is not None and row is None:
        return
    texts: dict[str, Any] = {}
    if data is not None:
        texts = cards.form_class(data, wizard=wizard, row=row).everything_sent()
    wizard.keep_typed(cards.form_class.typed_name(row), texts)
    _remember(wizard, form_key, turn)
    wizard.application.save(update_fields=["typed", "saved_form", "saved_turn"])
    # The caller's copy shows what was typed.
    application.typed = wizard.application.typed


@transaction.atomic
def delete_card(
    *, application: Application, step: Step, cards: type[CardList], pk: int, by: User, at: datetime
) -> None:
    """Delete a card; nothing happens to one that is gone. Raises ``DraftClosed`` and ``CannotDelete``."""
    wizard = _open(application, by=by, at=at)
    row = cards.row(wizard, pk)
    if row is None:
        return
    if why := cards.may_delete(wizard, pk):
        raise CannotDelete(why)
    cards.delete(wizard, pk)
    wizard.keep_typed(cards.form_class.typed_name(row), {})
    _touch(wizard, "", 0)
    _record("application.saved", wizard, step=step.slug, fields=[cards.name], deleted=1)


# --- the row ---


def _open(application: Application, *, by: User, at: datetime) -> WizardContext:
    """The application locked and open for answers, as it stands now. Raises ``DraftClosed``."""
    rows = Application.objects.select_for_update(of=("self",)).select_related(
        "producer_number__producer", "county", "saved_by", "quote"
    )
    locked = rows.get(pk=application.pk)
    if why := why_closed(locked, today=today_in(locked.us_state, now=at)):
        raise DraftClosed(why)
    return WizardContext(locked, by, at)


def _is_overtaken(wizard: WizardContext, form_key: str, turn: int) -> bool:
    """Has the same page sent something later that is saved by now?"""
    row = wizard.application
    return bool(form_key) and row.saved_form == form_key and 0 < turn < row.saved_turn


def _remember(wizard: WizardContext, form_key: str, turn: int) -> None:
    """This page was the last to be saved, and how often it had been sent by then."""
    wizard.application.saved_form, wizard.application.saved_turn = form_key[:40], turn


def _touch(wizard: WizardContext, form_key: str, turn: int) -> None:
    """The application has changed: it counts one more version and is kept 90 days from now."""
    row = wizard.application
    row.version += 1
    row.saved_by, row.updated_at = wizard.user, wizard.now
    _remember(wizard, form_key, turn)
    row.expires_on = application_days.expires_on(changed_on=wizard.today)
    row.save()


def _record(action: str, wizard: WizardContext, **details: Any) -> None:
    audit.record(
        action,
        by=wizard.user,
        for_producer=wizard.application.producer_number.producer.npn,
        object_type="application",
        object_id=wizard.application.record_number,
        details=details,
    )
