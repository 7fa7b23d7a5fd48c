"""A new quote filled in with what is known of a prospect or a client (PRO_05)."""

from collections.abc import Mapping
from typing import Any

from accounts import scoping
from accounts.models import ProducerNumber, User
from clients.models import Account, Coverage, Member, Policy, Prospect
from enrollment.models import QuotePerson
from portal.common.access import Perm
from portal.common.dates import today_in

ENDED = (Policy.Status.TERMED, Policy.Status.CANCELLED)
RELATIONS = {
    Member.Role.PRIMARY: QuotePerson.Relation.SELF,
    Member.Role.SPOUSE: QuotePerson.Relation.SPOUSE,
    Member.Role.CHILD: QuotePerson.Relation.CHILD,
}
SEXES = {Member.Sex.MALE: QuotePerson.Sex.MALE, Member.Sex.FEMALE: QuotePerson.Sex.FEMALE}
ASKED = ("prospect", "member", "account", "eapp")


def initial_values(user: User, params: Mapping[str, str]) -> dict[str, Any] | None:
    """Initial values of New Quote, from one of ``?prospect=<id>``, ``?member=<id>``, ``?account=`` and ``?eapp=<number>``.

    Nothing asked for: an empty dict. ``None`` when there is no such row in the books the user may quote for. Keys, all
    optional: ``prospect`` and ``member`` (ids of the rows the quote is kept with), ``zip``, ``writing_number`` (nine digits),
    and ``people``: one dict for each, the primary applicant first, with ``relation``, ``first_name``, ``last_name``,
    ``date_of_birth`` (a date), ``sex`` and ``tobacco`` (a bool), each optional.

    A client's quote covers the household: the primary insured, and everybody else on a policy of these books that has
    not ended. A member who is not the primary insured, or any with ``?only=1``, is quoted for alone.
    """
    asked = next((name for name in ASKED if params.get(name)), "")
    if not asked:
        return {}
    value = params[asked]
    if asked == "prospect":
        return _of_prospect(user, value)
    if asked == "member":
        return _of_member(user, value, only="only" in params)
    return _of_client(user, {"number": value} if asked == "account" else {"policies__eapp_number": value})


def _row(rows: Any, text: str) -> Any:
    """The row with this id; ``None`` for anything that is no id."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    return rows.filter(pk=int(text)).first()


def _of_prospect(user: User, text: str) -> dict[str, Any] | None:
    rows = Prospect.objects.for_user(user, perm=Perm.ENROLL).filter(deleted_at=None)
    prospect = _row(rows, text)
    if prospect is None:
        return None
    applicant = {
        "relation": QuotePerson.Relation.SELF.value,
        "first_name": prospect.first_name,
        "last_name": prospect.last_name,
    }
    return {
        "prospect": prospect.pk,
        "zip": prospect.zip,
        "people": [applicant],
        **_writing_number(user, prospect.us_state, None),
    }


def _of_member(user: User, text: str, *, only: bool) -> dict[str, Any] | None:
    member = _row(Member.objects.for_user(user, perm=Perm.ENROLL).select_related("account"), text)
    if member is None:
        return None
    if member.role == Member.Role.PRIMARY and not only:
        return _household(user, member.account, member)
    return _values(user, member, [_person(member, QuotePerson.Relation.SELF)])


def _of_client(user: User, known: dict[str, str]) -> dict[str, Any] | None:
    # No text that a database could not hold.
    if any("\x00" in value for value in known.values()):
        return None
    account = Account.objects.for_user(user, perm=Perm.ENROLL).filter(**known).first()
    members = Member.objects.for_user(user, perm=Perm.ENROLL).filter(account=account, role=Member.Role.PRIMARY)
    primary = members.select_related("account").first() if account else None
    return _household(user, account, primary) if account and primary else None


def _household(user: User, account: Account, primary: Member) -> dict[str, Any]:
    """The primary insured, then whoever is covered today or later, the spouse before the children, the oldest first."""
    policies = Policy.objects.for_user(user, perm=Perm.ENROLL).filter(account=account).exclude(status__in=ENDED)
    today = today_in(account.us_state)
    covered = {
        one.member_id
        for one in Coverage.objects.filter(policy__in=policies)
        if one.term_date is None or one.term_date >= today
    }
    members = Member.objects.for_user(user, perm=Perm.ENROLL).filter(account=account, pk__in=covered)
    others = [one for one in members if one.role != Member.Role.PRIMARY]
    others.sort(key=lambda one: (one.role != Member.Role.SPOUSE, one.date_of_birth, one.pk))
    people = [_person(primary, QuotePerson.Relation.SELF)]
    people += [_person(one, RELATIONS[Member.Role(one.role)]) for one in others]
    return _values(user, primary, people)


def _values(user: User, member: Member, people: list[dict[str, Any]]) -> dict[str, Any]:
    account = member.account
    policies = Policy.objects.for_user(user, perm=Perm.ENROLL).filter(account=account)
    newest = policies.order_by("-effective_date", "-id").values_list("producer_number__number", flat=True).first()
    return {
        "member": member.pk,
        "zip": account.zip,
        "people": people,
        **_writing_number(user, account.us_state, newest),
    }


def _person(member: Member, relation: str) -> dict[str, Any]:
    known: dict[str, Any] = {
        "relation": str(relation),
        "first_name": member.first_name,
        "last_name": member.last_name,
        "date_of_birth": member.date_of_birth,
    }
    sex = SEXES.get(Member.Sex(member.sex)) if member.sex in SEXES else None
    return {**known, "sex": sex.value} if sex else known


def _writing_number(user: User, us_state: str, used: str | None) -> dict[str, str]:
    """The number of the client's newest policy where it is one of the person's own, else the only one in that state."""
    producers = scoping.producers_acted_for(user, Perm.ENROLL)
    numbers = ProducerNumber.objects.filter(
        producer__in=producers, us_state=us_state, status=ProducerNumber.Status.ACTIVE
    )
    own = list(numbers.order_by("number").values_list("number", flat=True)[:100])
    if used and used in own:
        return {"writing_number": used}
    return {"writing_number": own[0]} if len(own) == 1 else {}
