"""Reading what cards need: rules, carrier data, figures and PCPs, in a number of queries that does not grow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import Q

from clients.idcards import content
from clients.idcards.content import Card, CardRefused
from clients.models import CardIssuer, IdCardRule, Member, PcpAssignment, PlanCardFacts, Policy
from clients.rules.id_cards import card_day

DatedRow = TypeVar("DatedRow", PlanCardFacts, CardIssuer)


@dataclass(frozen=True)
class CardData:
    """The tables as far as some policies need them."""

    rules: list[IdCardRule]
    issuers: dict[tuple[str, str], list[CardIssuer]]
    facts: dict[str, list[PlanCardFacts]]

    def missing(self, policy: Policy, *, on: date) -> str:
        """What is missing for a card of the policy with the data of the day ``on``, in a sentence, or nothing."""
        return content.why_no_card(
            policy, facts=self._facts(policy, on), issuer=self._issuer(policy, on), items=self.items(policy, on), on=on
        )

    def items(self, policy: Policy, on: date) -> Mapping[str, str]:
        return content.in_force(
            self.rules, us_state=policy.us_state, product=content.product_of(policy), market=policy.market, on=on
        )

    def card(self, policy: Policy, member: Member, *, pcp: PcpAssignment | None, today: date) -> Card:
        """One member's card as of ``today``. Raises ``CardRefused`` rather than leave something out."""
        on = card_day(effective_date=policy.effective_date, today=today)
        facts, issuer = self._facts(policy, on), self._issuer(policy, on)
        if reason := self.missing(policy, on=on):
            raise CardRefused(reason)
        if facts is None or issuer is None:  # said above; for the type checker
            raise CardRefused(content.NO_FACTS)
        return content.card_of(
            policy,
            member,
            facts=facts,
            issuer=issuer,
            items=self.items(policy, on),
            pcp=pcp,
            carrier=settings.CARRIER_NAME,
            issued=today,
            use_until=today + timedelta(days=settings.ID_CARD_TEMPORARY_DAYS),
        )

    def _facts(self, policy: Policy, on: date) -> PlanCardFacts | None:
        return _in_force(self.facts.get(policy.plan_id, ()), on)

    def _issuer(self, policy: Policy, on: date) -> CardIssuer | None:
        return _in_force(self.issuers.get((policy.us_state, policy.line), ()), on)


def card_data(policies: Iterable[Policy]) -> CardData:
    """Three queries, however many policies."""
    chosen = list(policies)
    states = {policy.us_state for policy in chosen}
    issuers: dict[tuple[str, str], list[CardIssuer]] = {}
    for issuer in CardIssuer.objects.filter(us_state__in=states):
        issuers.setdefault((issuer.us_state, issuer.line), []).append(issuer)
    facts: dict[str, list[PlanCardFacts]] = {}
    for row in PlanCardFacts.objects.filter(plan_id__in={policy.plan_id for policy in chosen if policy.plan_id}):
        facts.setdefault(row.plan_id, []).append(row)
    rules = list(IdCardRule.objects.filter(Q(us_state="") | Q(us_state__in=states)))
    return CardData(rules, issuers, facts)


def pcps(days: Mapping[tuple[int, int], date]) -> dict[tuple[int, int], PcpAssignment]:
    """Who has whom: for each (policy, member) the assignment of its day, and of the next one where there is none yet."""
    found: dict[tuple[int, int], PcpAssignment] = {}
    rows = PcpAssignment.objects.filter(
        policy__in={policy for policy, _ in days}, member__in={member for _, member in days}
    ).select_related("provider", "medical_group")
    for row in rows.order_by("effective_date", "id"):
        key = (row.policy_id, row.member_id)
        if key in days and key not in found and (row.end_date is None or row.end_date >= days[key]):
            found[key] = row
    return found


def _in_force(rows: Iterable[DatedRow], on: date) -> DatedRow | None:
    """The row in force on the day, the one that began last."""
    fitting = [row for row in rows if row.first_day <= on and (row.last_day is None or on <= row.last_day)]
    return max(fitting, key=lambda row: row.first_day, default=None)
