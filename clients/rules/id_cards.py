"""When ID cards can be had, for whom, and how many (IDC_02..06). Pure: moments and days are arguments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from clients.rules.dated import row_in_force

TEMPORARY, PERMANENT = "TEMPORARY", "PERMANENT"
ENDED = {"TERMED": "This policy is Termed.", "CANCELLED": "This policy was Cancelled."}
UNPAID = "INITIAL_PAYMENT_DUE"


@dataclass(frozen=True, kw_only=True)
class ExchangeWait:
    """How long after its application was submitted a policy of the exchange has no ID cards."""

    in_force_from: date
    wait: timedelta
    source: str


EXCHANGE_WAITS = (
    ExchangeWait(
        in_force_from=date(2013, 10, 1),
        wait=timedelta(hours=24),
        source="Client management guide, Order Permanent ID Cards: at least 24 hours after application submission",
    ),
)


class Refused(StrEnum):
    """Why a policy has no ID cards; the sentences are in ``SENTENCES``."""

    TERMED = "TERMED"
    CANCELLED = "CANCELLED"
    FIRST_PAYMENT = "FIRST_PAYMENT"
    TOO_EARLY = "TOO_EARLY"


SENTENCES = {
    Refused.TERMED: ENDED["TERMED"] + " ID cards are made for policies in force or to come.",
    Refused.CANCELLED: ENDED["CANCELLED"] + " ID cards are made for policies in force or to come.",
    Refused.FIRST_PAYMENT: "The first payment has not been received. ID cards are available once it has.",
    Refused.TOO_EARLY: (
        "ID cards for Marketplace policies are available 24 hours after the application was submitted: from {opens}."
    ),
}
NO_PCP_YET = "has no PCP yet. Choose one with Change PCP first; a temporary ID card can be had at once."
ONE_PER_MEMBER = "This plan requires a PCP: one ID card for each member."


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """What the rules ask of a policy. ``submitted_at`` is the moment the application was submitted, ``None`` if not known."""

    status: str
    on_exchange: bool
    binder_paid: bool
    submitted_at: datetime | None


@dataclass(frozen=True)
class Refusal:
    """Why there are no cards now; ``opens_at`` is the first moment at which there are, where that is known."""

    why: Refused
    opens_at: datetime | None = None

    def sentence(self, opens: str = "") -> str:
        """In words fit to show; ``opens`` is ``opens_at`` as people read it."""
        return SENTENCES[self.why].format(opens=opens)


def refusal(facts: CardFacts, *, now: datetime) -> Refusal | None:
    """Why a policy has no ID cards at ``now``, or ``None`` when it has (IDC_02).

    A policy of the exchange has them 24 hours after the submission of its application, that moment included; any other
    at once. One whose submission nobody has told came with the carrier's feed, which is later than that. Future policies
    have cards as soon as the first payment was received; Termed and Cancelled ones have none.
    """
    if facts.status in ENDED:
        return Refusal(Refused(facts.status))
    if facts.status == UNPAID or not facts.binder_paid:
        return Refusal(Refused.FIRST_PAYMENT)
    if facts.on_exchange and facts.submitted_at is not None:
        opens = facts.submitted_at + row_in_force(EXCHANGE_WAITS, facts.submitted_at.date()).wait
        if now < opens:
            return Refusal(Refused.TOO_EARLY, opens)
    return None


@dataclass(frozen=True, kw_only=True)
class CoveredMember:
    """One person on the policy. ``last_day`` of coverage is inclusive, ``None`` for open; ``has_pcp`` counts on the card's day."""

    key: int
    name: str
    is_primary: bool
    last_day: date | None = None
    has_pcp: bool = False


def members_to_choose(covered: Iterable[CoveredMember], *, requires_pcp: bool, on: date) -> list[CoveredMember]:
    """Whose names cards can bear on the day ``on`` (IDC_04, IDC_05).

    On a plan that requires a PCP every covered member has a card of his or her own; on any other there is one kind of
    card, with the primary insured's name, so that there is nothing to choose.
    """
    still = [member for member in covered if member.is_primary or member.last_day is None or member.last_day >= on]
    return still if requires_pcp else [member for member in still if member.is_primary]


def without_pcp(members: Sequence[CoveredMember], *, requires_pcp: bool, kind: str) -> list[CoveredMember]:
    """Of the chosen members those for whom no permanent card can be ordered, because a card without a PCP is useless there."""
    if kind != PERMANENT or not requires_pcp:
        return []
    return [member for member in members if not member.has_pcp]


def quantity_error(quantity: int | None, *, requires_pcp: bool, most: int) -> str:
    """What is wrong with the number of permanent cards asked for, or nothing (IDC_06). ``most`` is inclusive."""
    if requires_pcp:
        return "" if quantity == 1 else ONE_PER_MEMBER
    if quantity is None or not 1 <= quantity <= most:
        return f"Enter a number from 1 to {most}."
    return ""


def card_day(*, effective_date: date, today: date) -> date:
    """The day whose data a card shows: today, or the first day of coverage where that is still to come."""
    return max(effective_date, today)
