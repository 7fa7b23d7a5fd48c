"""The typing pattern beside the password: enrolled, judged, closed, withdrawn, reset, forgotten (LOG_03, LOG_04, LOG_11..13).

What a browser recorded is judged in the request that brings it and never written down. Of an enrolment the template waits
with its login, encrypted, until the code of that login is accepted; so a password alone enrols nobody. Every answer is to a
nonce that is good for one login attempt, one sentence, ten minutes and once. It is never the only way: every refusal leads
to the codes (adr/0027, adr/0030).
"""

import base64
import binascii
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import HeldTypingPattern, LoginAttempt, TypingProfile, UsedTypingNonce, User
from accounts.rules.typing_sentences import NOTICE_VERSION, SENTENCES, sentence_for
from accounts.services import one_time_codes
from accounts.services.one_time_codes import Verdict, bound_to
from accounts.typing_pattern import liveness, samples
from accounts.typing_pattern.same_text import OtherText, TooFewTimings
from accounts.typing_pattern.template import Template, TemplateUnreadable
from accounts.typing_pattern.verifier import TYPINGS, CannotEnrol, Verifier
from portal.common import audit, throttle
from portal.common.crypto import CannotDecrypt
from portal.common.dates import moment_as_text
from portal.common.messaging.send import send_email
from portal.common.throttle import Limit

logger = structlog.get_logger(__name__)

METHOD = "typing"
ENROL, VERIFY = "enrol", "verify"
NONCE_FOR = timedelta(minutes=10)
HOUR = timedelta(hours=1)
MONTH = timedelta(days=30)
Choice = User.TypingChoice

OTHER_WAYS = "Choose another way to verify."
NOT_THIS_PAGE = "This page does not belong to your login any more. Type the sentence again."
EXPIRED = f"The page was open for more than {NONCE_FOR.seconds // 60} minutes. Type the sentence again."
SENT_TWICE = "This typing was sent already. Type the sentence again."
NOT_TYPED = "The three lines did not arrive. Type the sentence three times."
CONSENT_NEEDED = "Tick the box if you agree, or choose Skip for now."
TOO_MANY_CORRECTIONS = "The same place was corrected in all three lines. Type the sentence again."
PASTED = "Pasting is not typing, so this try was counted."
REFUSED = liveness.REFUSED
NOT_AVAILABLE = f"The typing pattern cannot be used here. {OTHER_WAYS}"
UNREADABLE = f"Your typing pattern cannot be read any more. {OTHER_WAYS} The Service Desk can reset it."


@dataclass(frozen=True)
class Challenge:
    """What the page asks to be typed, and the nonce under which the answer counts."""

    nonce: str
    sentence: str
    purpose: str
    typings: int = TYPINGS


@dataclass(frozen=True)
class Submission:
    """What came back. Nothing of it is believed before it has been read and checked here."""

    nonce: str
    lines: Sequence[object]  # per line the rows of `samples.events_from`
    pasted: bool = False


@dataclass(frozen=True)
class Answer:
    """What became of a submission; ``text`` is fit to show. ``another_way``: trying again here cannot help."""

    verdict: Verdict
    text: str = ""
    tries_left: int = 0
    another_way: bool = False


@dataclass(frozen=True)
class Standing:
    """How a kept pattern stands: refused attempts in a row, and why it is closed (empty: it is open)."""

    failures: int = 0
    why_closed: str = ""


class _NotGood(Exception):
    """Ends the reading of a submission; carries the answer."""

    def __init__(self, answer: Answer, *, failed: bool = False) -> None:
        super().__init__(answer.text)
        self.answer = answer
        self.failed = failed


# Whom it is for


def must_ask(user: User) -> bool:
    """Is this person to be asked for a pattern at this login (LOG_03)? Once, until it was enrolled or skipped."""
    return bool(settings.TYPING_PATTERN) and user.typing_choice == Choice.ASK


def profile_of(user: User) -> TypingProfile | None:
    """The kept pattern without its template, which only judging reads."""
    return TypingProfile.objects.defer("template").filter(user=user).first()


def standing_of(profile: TypingProfile, *, at: datetime) -> Standing:
    """How the pattern stands. Refused attempts of 30 days are counted whatever login they were typed in."""
    limit = settings.TYPING_PATTERN_FAILURES_PER_MONTH
    refused = LoginAttempt.objects.filter(
        user_id=profile.user_id,
        method=METHOD,
        outcome=LoginAttempt.Outcome.CODE_WRONG,
        at__gt=max(at - MONTH, profile.enrolled_at),
    )
    month = list(refused.order_by("-at").values_list("at", flat=True)[:limit])
    closed = "Your typing pattern was refused too often, so it is closed"
    if len(month) >= limit:
        return Standing(profile.failures, f"{closed} until {moment_as_text(month[-1] + MONTH)}. {OTHER_WAYS}")
    if profile.closed_at is not None:
        return Standing(profile.failures, f"{closed}. It opens again when you log in with a code.")
    return Standing(profile.failures)


def is_offered(user: User, *, known_device: bool, at: datetime) -> bool:
    """May this person verify by typing now? ``known_device`` counts where the carrier demands a remembered one as well."""
    if not settings.TYPING_PATTERN or user.typing_choice != Choice.ENROLLED:
        return False
    if settings.TYPING_PATTERN_NEEDS_DEVICE and not known_device:
        return False
    profile = profile_of(user)
    return profile is not None and not standing_of(profile, at=at).why_closed


def replaces_device(user: User) -> bool:
    """Does a remembered device no longer excuse this person, because the carrier demands the pattern on it?

    A closed pattern changes nothing: else five wrong tries on a stolen device would open it.
    """
    on = settings.TYPING_PATTERN and settings.TYPING_PATTERN_NEEDS_DEVICE
    return bool(on) and user.typing_choice == Choice.ENROLLED


# Nonces


def _signer() -> Signer:
    return Signer(salt="accounts.typing_pattern.nonce")


def challenge(*, user: User, attempt_secret: str, purpose: str, at: datetime) -> Challenge:
    """A sentence to type and a nonce for it, good before ``at`` + ten minutes in this login attempt only.

    Nothing is stored until it is answered. To enrol, the sentence is drawn for the attempt; to verify, it is the pattern's.
    """
    if purpose == ENROL:
        code = sentence_for(int(bound_to(attempt_secret)[:12], 16))
    else:
        profile = profile_of(user)
        code = profile.sentence if profile else next(iter(SENTENCES))
    kept = {
        "n": secrets.token_urlsafe(16),
        "p": purpose,
        "s": code,
        "a": _of_attempt(user, attempt_secret),
        "t": round(at.timestamp() * 1000),
    }
    return Challenge(nonce=_signer().sign_object(kept), sentence=SENTENCES[code], purpose=purpose)


def _of_attempt(user: User, attempt_secret: str) -> str:
    return salted_hmac("accounts.typing_pattern.attempt", f"{user.pk}:{attempt_secret}", algorithm="sha256").hexdigest()


def _use_nonce(nonce: str, *, user: User, attempt_secret: str, purpose: str, at: datetime) -> tuple[str, float]:
    """Use up a nonce; return the sentence's code and the milliseconds since it was handed out. Raises ``_NotGood``."""
    try:
        kept: dict[str, Any] = _signer().unsign_object(nonce)
    except (BadSignature, ValueError, UnicodeError, binascii.Error) as exc:
        raise _NotGood(Answer(Verdict.NOT_SENT, NOT_THIS_PAGE)) from exc
    ours = constant_time_compare(kept["a"], _of_attempt(user, attempt_secret))
    if not ours or kept["p"] != purpose or kept["s"] not in SENTENCES:
        raise _NotGood(Answer(Verdict.NOT_SENT, NOT_THIS_PAGE))
    elapsed_ms = at.timestamp() * 1000 - kept["t"]
    handed_out = datetime.fromtimestamp(kept["t"] / 1000, tz=UTC)
    if at >= handed_out + NONCE_FOR:
        raise _NotGood(Answer(Verdict.EXPIRED, EXPIRED))
    hashed = salted_hmac("accounts.typing_pattern.used", kept["n"], algorithm="sha256").hexdigest()
    _, first = UsedTypingNonce.objects.get_or_create(nonce_hash=hashed, defaults={"expires_at": handed_out + NONCE_FOR})
    if not first:
        raise _NotGood(Answer(Verdict.ALREADY_USED, SENT_TWICE))
    return kept["s"], elapsed_ms


# Reading what was typed


@lru_cache(maxsize=2)
def _verifier(sketch_key: str) -> Verifier:
    return Verifier(sketch_key=sketch_key.encode())


def verifier() -> Verifier:
    """The verifier under the sketch key of now."""
    return _verifier(settings.TYPING_PATTERN_SKETCH_KEY)


def _read(lines: Sequence[object], sentence: str) -> list[samples.TypedLine]:
    """The typed lines; raises ``_NotGood`` naming the line that is none."""
    if len(lines) != TYPINGS:
        raise _NotGood(Answer(Verdict.UNREADABLE, NOT_TYPED))
    read = []
    for number, rows in enumerate(lines, start=1):
        try:
            read.append(samples.typed_line(samples.events_from(rows), sentence))
        except samples.UnusableLine as exc:
            answer = Answer(Verdict.UNREADABLE, f"Line {number}: {exc}", another_way=exc.needs_another_method)
            raise _NotGood(answer, failed=exc.counts_as_failure) from exc
    return read


def _kept_as(template: Template) -> str:
    return base64.b64encode(template.encode()).decode()


def count_try(*, user: User, at: datetime) -> None:
    """Count a submission of this person. Raises ``TooOften``; not for inside a transaction."""
    throttle.count(Limit("typing-person", settings.TYPING_PATTERN_TRIES_PER_HOUR, HOUR), str(user.pk), at=at)


# Enrolling


@transaction.atomic
def hold(
    *, user: User, attempt_secret: str, attempt_ends_at: datetime, submission: Submission, consented: bool, at: datetime
) -> Answer:
    """Make a template of three typed lines and keep it with the login attempt until its code is accepted (LOG_04).

    ``Verdict.RIGHT`` when it waits; anything else says why not. A second enrolment in the same attempt replaces the first.
    """
    user = one_time_codes.lock(user)
    if not must_ask(user):
        return Answer(Verdict.NOT_SENT, NOT_AVAILABLE, another_way=True)
    if not consented:
        return Answer(Verdict.UNREADABLE, CONSENT_NEEDED)
    try:
        code, elapsed_ms = _use_nonce(submission.nonce, user=user, attempt_secret=attempt_secret, purpose=ENROL, at=at)
        template = _enrolled(_read(submission.lines, SENTENCES[code]), elapsed_ms)
    except _NotGood as exc:
        return exc.answer
    HeldTypingPattern.objects.update_or_create(
        bound_to=bound_to(attempt_secret),
        defaults={
            "user": user,
            "template": _kept_as(template),
            "template_version": str(template.parameters_version),
            "sentence": code,
            "consent_at": at,
            "consent_text_version": NOTICE_VERSION,
            "expires_at": attempt_ends_at,
        },
    )
    audit.record(
        "typing_pattern.consented",
        by=user,
        object_type="user",
        object_id=str(user.pk),
        details={"notice": NOTICE_VERSION},
    )
    return Answer(Verdict.RIGHT)


def _enrolled(lines: list[samples.TypedLine], elapsed_ms: float) -> Template:
    try:
        finding = liveness.examine(lines, elapsed_ms=elapsed_ms)
        if finding:
            raise CannotEnrol(finding)
        return verifier().enrol(lines)
    except CannotEnrol as exc:
        logger.info("typing_pattern.not_enrolled", finding=exc.finding)
        another = liveness.needs_another_method(exc.finding)
        text = str(exc) if another else "These lines could not be used. Type the sentence three times, each in one go."
        raise _NotGood(Answer(Verdict.UNREADABLE, text, another_way=another)) from exc
    except TooFewTimings as exc:
        raise _NotGood(Answer(Verdict.UNREADABLE, TOO_MANY_CORRECTIONS)) from exc


@transaction.atomic
def settle(*, user: User, attempt_secret: str, at: datetime) -> None:
    """A code was accepted in this login: what waited becomes the pattern, or the person has skipped it (LOG_03, LOG_04).

    A pattern that was closed opens again. Somebody who was asked and typed nothing is not asked again.
    """
    user = one_time_codes.lock(user)
    held = HeldTypingPattern.objects.filter(user=user, bound_to=bound_to(attempt_secret)).first()
    if must_ask(user):
        if held is None:
            _choose(user, Choice.SKIPPED)
            audit.record("typing_pattern.skipped", by=user, object_type="user", object_id=str(user.pk))
        else:
            _keep(user, held, at)
    HeldTypingPattern.objects.filter(user=user).delete()
    reopened = TypingProfile.objects.filter(user=user, closed_at__isnull=False)
    if reopened.update(failures=0, closed_at=None):
        audit.record("typing_pattern.reopened", by=user, object_type="user", object_id=str(user.pk))


def _keep(user: User, held: HeldTypingPattern, at: datetime) -> None:
    TypingProfile.objects.create(
        user=user,
        template=held.template,
        template_version=held.template_version,
        sentence=held.sentence,
        consent_at=held.consent_at,
        consent_text_version=held.consent_text_version,
        enrolled_at=at,
    )
    _choose(user, Choice.ENROLLED)
    audit.record(
        "typing_pattern.enrolled",
        by=user,
        object_type="user",
        object_id=str(user.pk),
        details={"notice": held.consent_text_version, "parameters": held.template_version},
    )
    _tell(user, "set up", at)


def _choose(user: User, choice: User.TypingChoice) -> None:
    user.typing_choice = choice
    user.save(update_fields=["typing_choice"])


# Verifying


@transaction.atomic
def verify(*, user: User, attempt_secret: str, submission: Submission, known_device: bool, at: datetime) -> Answer:
    """Judge three typed lines against the kept pattern; only ``Verdict.RIGHT`` lets the caller sign the person in.

    A refused attempt counts (``WRONG``); with TYPING_PATTERN_FAILURES in a row the pattern closes (``USED_UP``) and the owner
    is told. Slips and clocks too coarse are ``UNREADABLE`` and do not count. It learns only on a remembered device.
    """
    user = one_time_codes.lock(user)
    if not is_offered(user, known_device=known_device, at=at):
        profile = profile_of(user)
        closed = standing_of(profile, at=at).why_closed if profile and settings.TYPING_PATTERN else ""
        return Answer(Verdict.CLOSED if closed else Verdict.NOT_SENT, closed or NOT_AVAILABLE, another_way=True)
    try:
        profile = TypingProfile.objects.select_for_update().get(user=user)
        template = Template.decode(base64.b64decode(profile.template))
    except (CannotDecrypt, TemplateUnreadable, binascii.Error):
        logger.warning("typing_pattern.unreadable", user_id=user.pk)
        return Answer(Verdict.NOT_SENT, UNREADABLE, another_way=True)
    try:
        code, elapsed_ms = _use_nonce(submission.nonce, user=user, attempt_secret=attempt_secret, purpose=VERIFY, at=at)
        if code != profile.sentence:
            raise _NotGood(Answer(Verdict.NOT_SENT, NOT_THIS_PAGE))
        if submission.pasted:
            raise _NotGood(Answer(Verdict.WRONG, PASTED), failed=True)
        _judge(profile, template, _read(submission.lines, SENTENCES[code]), elapsed_ms, known_device, at)
    except _NotGood as exc:
        return _failed(user, profile, exc.answer, at) if exc.failed else exc.answer
    return Answer(Verdict.RIGHT)


def _judge(
    profile: TypingProfile,
    template: Template,
    lines: list[samples.TypedLine],
    elapsed_ms: float,
    known_device: bool,
    at: datetime,
) -> None:
    """Raise ``_NotGood`` unless the lines are the owner's; otherwise note the use and what was learnt."""
    judge = verifier()
    threshold = judge.figures.threshold(len(lines[0].keys)) + settings.TYPING_PATTERN_STRICTER_BY
    try:
        decision = judge.decide(template, lines, threshold=threshold, elapsed_ms=elapsed_ms)
    except TooFewTimings as exc:
        raise _NotGood(Answer(Verdict.UNREADABLE, TOO_MANY_CORRECTIONS)) from exc
    except OtherText as exc:
        raise _NotGood(Answer(Verdict.NOT_SENT, UNREADABLE, another_way=True)) from exc
    logger.info(
        "typing_pattern.judged",
        user_id=profile.user_id,
        accepted=decision.accepted,
        score=decision.score,
        threshold=decision.threshold,
        finding=decision.finding,
        clock_grid_ms=decision.clock_grid_ms,
        parameters=decision.parameters_version,
    )
    if decision.finding and not liveness.counts_as_failure(decision.finding):
        raise _NotGood(Answer(Verdict.UNREADABLE, liveness.message(decision.finding), another_way=True))
    if not decision.accepted:
        raise _NotGood(Answer(Verdict.WRONG, REFUSED), failed=True)
    learns = decision.may_learn and known_device
    learnt = judge.update(template, lines) if learns else judge.remember(template, lines)
    if learnt is template:  # it would have moved too far: nothing is learnt, but the typings must be known again
        learnt = judge.remember(template, lines)
    assert isinstance(learnt, Template)  # noqa: S101 - one text in, one text out; this tells the type checker
    profile.template = _kept_as(learnt)
    profile.template_version = str(learnt.parameters_version)
    profile.last_used_at = at
    profile.failures = 0
    profile.save(update_fields=["template", "template_version", "last_used_at", "failures"])


def _failed(user: User, profile: TypingProfile, answer: Answer, at: datetime) -> Answer:
    """Count a refused attempt, and close the pattern with the last one."""
    profile.failures += 1
    left = settings.TYPING_PATTERN_FAILURES - profile.failures
    refused_this_month = LoginAttempt.objects.filter(
        user=user, method=METHOD, outcome=LoginAttempt.Outcome.CODE_WRONG, at__gt=max(at - MONTH, profile.enrolled_at)
    ).count()
    left = max(min(left, settings.TYPING_PATTERN_FAILURES_PER_MONTH - refused_this_month - 1), 0)
    if left:
        profile.save(update_fields=["failures"])
        tries = "1 try" if left == 1 else f"{left} tries"
        text = PASTED if answer.text == PASTED else REFUSED
        return Answer(Verdict.WRONG, f"{text} You have {tries} left.", tries_left=left)
    profile.closed_at = at
    profile.save(update_fields=["failures", "closed_at"])
    audit.record("typing_pattern.closed", by=None, object_type="user", object_id=str(user.pk))
    _tell(user, "closed after several refused attempts", at)
    closed = standing_of(profile, at=at).why_closed
    return Answer(Verdict.USED_UP, closed, another_way=True)


# Ending it


def forget(user: User) -> bool:
    """Delete pattern and what waits to become one, without a word; return whether one was kept."""
    HeldTypingPattern.objects.filter(user=user).delete()
    deleted, _ = TypingProfile.objects.filter(user=user).delete()
    return bool(deleted)


@transaction.atomic
def withdraw(*, user: User, at: datetime) -> bool:
    """Take consent back: the pattern is deleted at once; return whether there was one.

    No new one is asked for, else this would be a reset by oneself (LOG_13): the Service Desk opens it again on a ticket.
    """
    user = one_time_codes.lock(user)
    if not forget(user):
        return False
    _choose(user, Choice.WITHDRAWN)
    audit.record("typing_pattern.withdrawn", by=user, object_type="user", object_id=str(user.pk))
    _tell(user, "deleted, because consent to it was withdrawn", at)
    return True


@transaction.atomic
def ask_again(*, user: User) -> bool:
    """Let somebody who skipped be asked at the next login; return whether that is so now. Enrolled and withdrawn ones stay."""
    user = one_time_codes.lock(user)
    if user.typing_choice != Choice.SKIPPED or not settings.TYPING_PATTERN:
        return user.typing_choice == Choice.ASK
    _choose(user, Choice.ASK)
    audit.record("typing_pattern.asked_for", by=user, object_type="user", object_id=str(user.pk))
    return True


def start_over(user: User) -> bool:
    """Forget the pattern and ask at the next login; return whether that changed anything. The caller writes it down."""
    changed = forget(user) or user.typing_choice != Choice.ASK
    _choose(user, Choice.ASK)
    return changed


@transaction.atomic
def purge(*, at: datetime) -> int:
    """Delete patterns not used for TYPING_PATTERN_KEEP_DAYS and those of closed logins; return how many.

    Besides, what waited for logins that are over, and nonces that have expired. Whoever comes back is asked anew.
    """
    HeldTypingPattern.objects.filter(expires_at__lte=at).delete()
    UsedTypingNonce.objects.filter(expires_at__lte=at).delete()
    last_used = Coalesce("last_used_at", "enrolled_at")
    old = models.Q(used__lte=at - timedelta(days=settings.TYPING_PATTERN_KEEP_DAYS))
    closed = ~models.Q(user__in=User.objects.open())
    patterns = TypingProfile.objects.defer("template").select_related("user").annotate(used=last_used)
    gone = list(patterns.filter(old | closed))
    for profile in gone:
        forget(profile.user)
        _choose(profile.user, Choice.ASK)
        audit.record("typing_pattern.purged", by=None, object_type="user", object_id=str(profile.user_id))
    return len(gone)


def _tell(user: User, what: str, at: datetime) -> None:
    if user.security_email:
        send_email(
            to=user.security_email,
            kind="typing_pattern_changed",
            subject=f"The typing pattern of your {settings.PORTAL_NAME} account was {what.split(',')[0].split(' after')[0]}",
            context={"changed_at": at, "what": what},
        )
