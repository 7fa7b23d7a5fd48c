"""Judging 834s with pyx12, an independent validator; and making acknowledgements of them."""

import io
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyx12.map_if
import pyx12.params
import pyx12.x12n_document

from clients.membersystem.gateways.base import Transaction
from clients.membersystem.x12.envelope import ControlNumbers, Partners, file_text
from clients.membersystem.x12.transactions import Body
from clients.models import MemberChange, PcpAssignment, Policy

SAMPLES = Path(__file__).parents[1] / "data" / "x12"

logging.getLogger("pyx12").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Judgement:
    """``accepted`` is pyx12's own verdict; ``acknowledgement`` the 999 and TA1 it writes; ``errors`` its findings."""

    accepted: bool
    acknowledgement: str
    errors: Any

    def __bool__(self) -> bool:
        return self.accepted


@cache
def _map(map_file: str, map_path: str | None) -> Any:
    return _load_map_file(map_file, pyx12.params.params(), map_path)


_load_map_file = pyx12.map_if.load_map_file


def judge(text: str) -> Judgement:
    """What pyx12 says of a file. Its maps are loaded once: a fifth of a second each time otherwise."""
    pyx12.map_if.load_map_file = lambda map_file, _param, map_path=None: _map(map_file, map_path)
    try:
        ack, errors = io.StringIO(), io.StringIO()
        accepted = pyx12.x12n_document.x12n_document(
            param=pyx12.params.params(), src_file=io.StringIO(text), fd_997=ack, fd_html=None, fd_json=errors
        )
    finally:
        pyx12.map_if.load_map_file = _load_map_file
    found = errors.getvalue()
    return Judgement(accepted, ack.getvalue(), json.loads(found) if found else None)


def sample(name: str) -> str:
    return (SAMPLES / f"{name}.edi").read_text("ascii")


def segments_of(text: str) -> list[list[str]]:
    """The segments of a file written with the usual delimiters."""
    return [one.strip().split("*") for one in text.split("~") if one.strip()]


def acknowledged(text: str, **codes: str) -> str:
    """The 999 and TA1 a receiver writes of one of our files.

    ``codes`` gives transaction sets another verdict than A, by reference: ``acknowledged(text, CNT_1="R")`` rejects the
    set of reference CNT-1.
    """
    segments = segments_of(text)
    isa, gs = segments[0], segments[1]
    sets, number = [], ""
    for one in segments:
        if one[0] == "ST":
            number = one[2]
        elif one[0] == "BGN":
            sets.append((number, codes.get(one[2].replace("-", "_"), "A")))
    rejected = sum(code == "R" for _number, code in sets)
    verdict = "A" if not rejected else "R" if rejected == len(sets) else "P"
    inside = [f"AK1*BE*{gs[6]}*005010X220A1"]
    for number, code in sets:
        inside.append(f"AK2*834*{number}*005010X220A1")
        if code == "R":
            inside += ["IK3*NM1*12**8", "IK4*9*67*4*1"]
        inside.append(f"IK5*{code}" + ("*5" if code == "R" else ""))
    inside.append(f"AK9*{verdict}*{len(sets)}*{len(sets)}*{len(sets) - rejected}")
    lines = [
        f"TA1*{isa[13]}*{isa[9]}*{isa[10]}*A*000",
        "GS*FA*MEMBERSYS*PRODPORTAL*20261121*1500*7*X*005010X231",
        "ST*999*0001*005010X231",
        *inside,
        f"SE*{len(inside) + 2}*0001",
        "GE*1*7",
    ]
    return answer_header() + "".join(f"{line}~\n" for line in lines) + "IEA*1*000000900~\n"


def interchange_answer(text: str, code: str, note: str = "000") -> str:
    """The TA1 alone."""
    isa = segments_of(text)[0]
    return answer_header() + f"TA1*{isa[13]}*{isa[9]}*{isa[10]}*{code}*{note}~\nIEA*0*000000900~\n"


def answer_header(usage: str = "T") -> str:
    sender, receiver = f"{'MEMBERSYS':15}", f"{'PRODPORTAL':15}"
    blank = " " * 10
    return f"ISA*00*{blank}*00*{blank}*ZZ*{sender}*ZZ*{receiver}*261121*1500*^*00501*000000900*0*{usage}*:~\n"


def every_kind_of_change(policies: Iterable[Policy], *, now: datetime) -> list[Transaction]:
    """What the portal would tell of each policy: all that can happen to it, none of it stored."""
    told = []
    for policy in policies:
        after = {"CELL": {"value": "3125550144", "extension": "", "send_text": True}}
        day = policy.effective_date.isoformat()
        payloads: dict[MemberChange.Kind, dict[str, Any]] = {
            MemberChange.Kind.ENROLL: {"effective_date": day},
            MemberChange.Kind.CONTACT: {"before": {"CELL": None}, "after": after},
            MemberChange.Kind.ID_CARD: {"request_id": 1, "line": policy.line, "quantity": 1, "replacement": True},
            MemberChange.Kind.TERM: {
                "last_day": (policy.term_date or policy.effective_date).isoformat(),
                "paid_to": policy.paid_to_date.isoformat() if policy.paid_to_date else None,
                "reason": "NONPAYMENT",
            },
            MemberChange.Kind.REINSTATE: {"effective_date": day},
            MemberChange.Kind.BILLING: {"what": "bill", "amount": "100.00", "due_on": day, "payment": ""},
        }
        if policy.status == Policy.Status.CANCELLED:
            # It ended before it began: nobody is enrolled on it, or was.
            del payloads[MemberChange.Kind.ENROLL], payloads[MemberChange.Kind.REINSTATE]
        spans = list(policy.pcp_assignments.all())
        if spans:
            payloads[MemberChange.Kind.PCP] = {
                "assignment_id": spans[-1].pk,
                "before": None,
                "after": _whom(spans[-1]),
                "reason": "No Reason Given",
                "reason_code": "AI",
                "received_on": day,
            }
        for kind, payload in payloads.items():
            change = MemberChange(
                kind=kind,
                account_id=policy.account_id,
                member_id=spans[-1].member_id if kind == MemberChange.Kind.PCP else None,
                policy=policy,
                payload=payload,
                created_at=now,
            )
            told.append(
                Transaction(change=change, reference=f"{kind[:3]}-{policy.pk}", resend=policy.pk % 2 == 0, made_at=now)
            )
    return told


def _whom(span: PcpAssignment) -> dict[str, Any]:
    group, provider = span.medical_group, span.provider
    return {
        "group_number": group.number if group else "",
        "group_name": group.name if group else "",
        "npi": provider.npi if provider else "",
        "provider_name": f"{provider.first_name} {provider.last_name}" if provider else "",
        "effective_date": span.effective_date.isoformat(),
        "end_date": None,
    }


def as_one_file(bodies: Sequence[Body], *, made_at: datetime) -> str:
    numbers = ControlNumbers(isa13="000000001", gs06="1", st02=[f"{place:04}" for place in range(1, len(bodies) + 1)])
    partners = Partners(sender="PRODPORTAL", receiver="MEMBERSYS", usage="T")
    return file_text(bodies, partners=partners, numbers=numbers, made_at=made_at)
