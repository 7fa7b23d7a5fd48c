"""What is chosen on the ID card pages. The choices are links and radios over rows in scope, so the parsing is by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.http import QueryDict

from clients.models import IdCardOrder
from clients.rules import id_cards as rules
from clients.selectors.id_cards import MemberChoice, PolicyChoice

TEMPORARY, PERMANENT = "temporary", "permanent"
KINDS = {TEMPORARY: IdCardOrder.Kind.TEMPORARY, PERMANENT: IdCardOrder.Kind.PERMANENT}
EVERYTHING = "all"
CHOOSE_KIND = "Choose Temporary ID Cards or Permanent ID Cards."
CHOOSE_POLICY = "Select a policy."
CHOOSE_MEMBER = "Select at least one member who needs a card."
NO_SUCH_POLICY = "That policy is no longer in the list. Select another one."
BUNDLES = (
    (IdCardOrder.Bundle.PDF, "All cards in one PDF file, to print at once"),
    (IdCardOrder.Bundle.ZIP, "A ZIP file with one PDF file for each card"),
)


@dataclass
class Chosen:
    """One policy (or all that have cards) and whose names are to stand on cards; ``errors`` by field."""

    policies: list[PolicyChoice] = field(default_factory=list)
    members: list[tuple[PolicyChoice, MemberChoice]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    ticked: set[int] = field(default_factory=set)
    ticked_all: set[int] = field(default_factory=set)
    policy_value: str = ""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The choice as it is carried on in forms and addresses: ids only."""
        if self.policy_value == EVERYTHING:
            return [("policy", EVERYTHING)]
        return [("policy", self.policy_value), *(("member", str(one.member.pk)) for _policy, one in self.members)]

    @property
    def is_household(self) -> bool:
        return self.policy_value == EVERYTHING

    @property
    def requires_pcp(self) -> bool:
        return any(choice.policy.requires_pcp for choice in self.policies)


def read_choice(sent: QueryDict, choices: Sequence[PolicyChoice], *, kind: str) -> Chosen:
    """What was ticked, looked up among the choices of the household: other ids are as if not sent."""
    chosen = Chosen(policy_value=sent.get("policy", "")[:20])
    chosen.ticked = {
        int(text) for text in sent.getlist("member") if text.isascii() and text.isdigit() and len(text) < 16
    }
    chosen.ticked_all = {
        int(text) for text in sent.getlist("everybody") if text.isascii() and text.isdigit() and len(text) < 16
    }
    if not chosen.policy_value:
        chosen.errors["policy"] = CHOOSE_POLICY
        return chosen
    if chosen.policy_value == EVERYTHING and kind == TEMPORARY:
        chosen.policies = [choice for choice in choices if not choice.reason]
        chosen.members = [(choice, one) for choice in chosen.policies for one in choice.members]
        if not chosen.members:
            chosen.errors["policy"] = CHOOSE_POLICY
        return chosen
    policy = next((choice for choice in choices if str(choice.policy.pk) == chosen.policy_value), None)
    if policy is None:
        chosen.errors["policy"] = NO_SUCH_POLICY
        return chosen
    if policy.reason:
        chosen.errors["policy"] = policy.reason
        return chosen
    chosen.policies = [policy]
    if policy.policy.requires_pcp:
        everybody = policy.policy.pk in chosen.ticked_all
        members = [one for one in policy.members if everybody or one.member.pk in chosen.ticked]
    else:
        members = policy.members
    chosen.members = [(policy, one) for one in members]
    if not members:
        chosen.errors["member"] = CHOOSE_MEMBER
    lacking = rules.without_pcp(
        [one.covered for one in members], requires_pcp=policy.policy.requires_pcp, kind=KINDS[kind].value
    )
    if lacking:
        chosen.errors["member"] = " ".join(f"{one.name} {rules.NO_PCP_YET}" for one in lacking)
    return chosen


@dataclass(frozen=True)
class Quantity:
    """The number that was typed, and what is wrong with it."""

    typed: str
    value: int
    error: str


def read_quantity(sent: QueryDict, *, requires_pcp: bool) -> Quantity:
    """``Number of Id cards requested`` (IDC_06)."""
    typed = sent.get("quantity", "1").strip()[:10]
    number = int(typed) if typed.isascii() and typed.isdigit() else None
    error = rules.quantity_error(number, requires_pcp=requires_pcp, most=settings.ID_CARD_MOST_COPIES)
    return Quantity(typed=typed, value=number or 0, error=error)


def read_bundle(sent: QueryDict) -> str:
    """How several cards are to come; one PDF file unless said otherwise."""
    asked = sent.get("bundle", "")
    return asked if asked in {code for code, _ in BUNDLES} else IdCardOrder.Bundle.PDF.value
