"""What each role of the carrier's staff may do: the one table behind every page of the administration (docs/adr/0031).

A carrier administrator (Django's superuser) may do everything. Everybody else on the staff has exactly one role, and may
do what stands in ``PAGES`` for it and nothing else: a page, an action or an address that is not in the table is closed
to every role, and tests fail until somebody has decided about it.

The auditor reads what the portal has recorded and decided, and changes nothing. Not for auditors are the bytes clients
and producers have sent, the files of the member system (they hold whole SSNs), and lists of clients as files: to look
somebody up is enough for an audit, and is audited itself (minimum necessary, 45 CFR 164.502(b)).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from django.db.models import TextChoices

from portal.common.access import Perm


class StaffRole(TextChoices):
    """The duties of carrier staff who are not administrators."""

    SERVICE_DESK = "SERVICE_DESK", "Service Desk"
    ENROLLMENT_OPERATIONS = "ENROLLMENT_OPERATIONS", "Enrollment Operations"
    CONTENT_EDITOR = "CONTENT_EDITOR", "Content Editor"
    AUDITOR = "AUDITOR", "Auditor"


# What a full administrator is called where a role is chosen; it is no role but the lack of limits.
ADMINISTRATOR = "ADMINISTRATOR"
STANDINGS = [(ADMINISTRATOR, "Carrier administrator"), *StaffRole.choices]

# One plain sentence each, shown on the first page of the administration and where a role is chosen.
DUTIES = {
    ADMINISTRATOR: "Everything, staff accounts included.",
    StaffRole.SERVICE_DESK.value: (
        "Registrations, logins, reported issues, e-questions, documents and ID cards; looks members up and services them."
    ),
    StaffRole.ENROLLMENT_OPERATIONS.value: (
        "Applications, their papers, submissions and payments, changes for the member system, its files and dead letters."
    ),
    StaffRole.CONTENT_EDITOR.value: "Texts, news, resources, courses, contacts and terms; sees no client and no health data.",
    StaffRole.AUDITOR.value: "Reads everything the portal has recorded, the audit trail included, and changes nothing.",
}


class Right(StrEnum):
    """What can be done with the rows of a page. The words are those of Django's permissions (``clients.view_member``)."""

    VIEW = "view"
    EXPORT = "export"  # the list as a CSV file
    OPEN = "open"  # the bytes of files that belong to the rows
    ADD = "add"
    CHANGE = "change"  # fields and actions; whoever has it works on the page's queues
    DELETE = "delete"


Rights = frozenset[Right]
NONE: Rights = frozenset()
LOOK: Rights = frozenset({Right.VIEW})
READ: Rights = LOOK | {Right.EXPORT}
FILES: Rights = READ | {Right.OPEN}
WORK: Rights = FILES | {Right.CHANGE}
KEEP: Rights = WORK | {Right.ADD, Right.DELETE}


@dataclass(frozen=True, kw_only=True)
class Page:
    """One kind of row: the rights of each role, and the right each action and each address of its own needs.

    ``views`` names addresses beside Django's own by the end of their name: ``open`` is ``ecomm_documentsubmission_open``.
    """

    desk: Rights = NONE
    enrollment: Rights = NONE
    content: Rights = NONE
    auditor: Rights = READ
    actions: Mapping[str, Right] = field(default_factory=dict)
    views: Mapping[str, Right] = field(default_factory=dict)

    def rights_of(self, role: str) -> Rights:
        """The rights of one role; none for what is no role."""
        return {
            StaffRole.SERVICE_DESK.value: self.desk,
            StaffRole.ENROLLMENT_OPERATIONS.value: self.enrollment,
            StaffRole.CONTENT_EDITOR.value: self.content,
            StaffRole.AUDITOR.value: self.auditor,
        }.get(role, NONE)


VIEW, OPEN, ADD, CHANGE = Right.VIEW, Right.OPEN, Right.ADD, Right.CHANGE

PAGES: dict[str, Page] = {
    # People, logins and what lets them in
    "accounts.user": Page(
        desk=WORK,
        actions={"unlock": CHANGE, "reset_second_factors": CHANGE, "reset_typing_pattern": CHANGE},
    ),
    "accounts.staffaccount": Page(),
    "accounts.producer": Page(desk=READ, enrollment=READ),
    "accounts.producernumber": Page(desk=READ, enrollment=READ),
    "accounts.hierarchyedge": Page(desk=READ),
    "accounts.registrationrequest": Page(desk=WORK, actions={"activate": CHANGE, "refuse": CHANGE}),
    "accounts.stateregistration": Page(desk=WORK, actions={"activate": CHANGE, "refuse": CHANGE}),
    "accounts.delegategrant": Page(desk=READ),
    "accounts.delegateinvitation": Page(desk=READ),
    "accounts.emailconfirmation": Page(desk=READ),
    "accounts.termsacceptance": Page(desk=READ),
    "accounts.loginattempt": Page(desk=READ),
    "accounts.loginguard": Page(desk=READ),
    "accounts.usersession": Page(desk=READ),
    "accounts.onetimecode": Page(desk=READ),
    "accounts.trusteddevice": Page(desk=READ),
    "accounts.authenticatordevice": Page(desk=READ),
    "accounts.recoverycode": Page(desk=READ),
    "accounts.typingprofile": Page(desk=READ),
    "accounts.heldtypingpattern": Page(),
    "accounts.usedtypingnonce": Page(),
    "accounts.passwordhistory": Page(),
    # Clients. Lists of them leave as files with administrators only.
    "clients.account": Page(desk=LOOK, enrollment=LOOK, auditor=LOOK),
    "clients.member": Page(desk=LOOK, enrollment=LOOK, auditor=LOOK),
    "clients.contactpoint": Page(desk=LOOK, enrollment=LOOK, auditor=LOOK),
    "clients.policy": Page(desk=LOOK, enrollment=LOOK, auditor=LOOK),
    "clients.coverage": Page(desk=LOOK, enrollment=LOOK, auditor=LOOK),
    "clients.prospect": Page(desk=LOOK, auditor=LOOK),
    # ID cards
    "clients.idcardrequest": Page(desk=READ, auditor=LOOK),
    "clients.idcardorder": Page(desk=READ, auditor=LOOK),
    "clients.idcardrule": Page(desk=READ),
    "clients.cardissuer": Page(desk=READ),
    "clients.plancardfacts": Page(desk=READ),
    # Primary care
    "clients.medicalgroup": Page(desk=READ, enrollment=READ),
    "clients.provider": Page(desk=READ, enrollment=READ),
    "clients.pcpreason": Page(desk=READ, enrollment=READ),
    "clients.pcpassignment": Page(
        desk=LOOK,
        enrollment=LOOK | {Right.CHANGE},
        auditor=LOOK,
        actions={"take_back": CHANGE, "confirm_taken_over": CHANGE},
    ),
    "clients.withdrawnpcpassignment": Page(desk=LOOK, enrollment=LOOK, auditor=LOOK),
    # The member system
    "clients.memberchange": Page(desk=READ, enrollment=WORK, actions={"retry": CHANGE, "close_with_note": CHANGE}),
    "clients.x12file": Page(enrollment=WORK, views={"segments": OPEN, "download": OPEN, "put_back": CHANGE}),
    "clients.simulatedmembersystem": Page(enrollment=READ),
    "clients.simulatedreceipt": Page(enrollment=READ),
    # Applications
    "enrollment.application": Page(enrollment=WORK),
    "enrollment.proposal": Page(enrollment=READ),
    "enrollment.proposaldelivery": Page(enrollment=READ),
    "enrollment.submission": Page(enrollment=WORK),
    "enrollment.submittedpolicy": Page(enrollment=WORK),
    "enrollment.evidenceitem": Page(
        enrollment=WORK,
        actions={"accept": CHANGE, "reject": CHANGE, "waive": CHANGE, "ask_after_all": CHANGE},
    ),
    "enrollment.payment": Page(enrollment=WORK, actions={"ask_the_service": CHANGE}),
    "enrollment.paymentevent": Page(enrollment=READ),
    "enrollment.autopaymandate": Page(enrollment=READ),
    # What applications go by: dated tables and the catalog, which administrators keep
    "enrollment.evidencekind": Page(enrollment=READ),
    "enrollment.lifeeventkind": Page(enrollment=READ, actions={"draft_a_change": ADD, "publish": CHANGE}),
    "enrollment.openenrollmentperiod": Page(enrollment=READ, actions={"draft_a_change": ADD, "publish": CHANGE}),
    "enrollment.plan": Page(enrollment=READ),
    "enrollment.planrate": Page(enrollment=READ),
    "enrollment.planfamilyrate": Page(enrollment=READ),
    "enrollment.servicearea": Page(enrollment=READ),
    "enrollment.county": Page(enrollment=READ),
    "enrollment.zipcounty": Page(enrollment=READ),
    "enrollment.ratingarea": Page(enrollment=READ),
    "enrollment.catalogimport": Page(enrollment=READ),
    # What producers send. Papers of applications are documents, so those who decide about them open these.
    "ecomm.documentsubmission": Page(
        desk=WORK,
        enrollment=FILES,
        actions={"assign_to_me": CHANGE, "accept": CHANGE, "reject": CHANGE},
        views={"open": OPEN},
    ),
    "ecomm.documenttype": Page(desk=READ, enrollment=READ),
    "ecomm.equestion": Page(
        desk=WORK,
        actions={"assign_to_me": CHANGE},
        views={"figures": VIEW, "assign": CHANGE, "file": OPEN},
    ),
    "ecomm.issuereport": Page(
        desk=WORK,
        actions={"take_up": CHANGE, "answer": CHANGE, "send_again": CHANGE},
        views={"screenshot": OPEN},
    ),
    # Texts
    "ecomm.cannedanswer": Page(desk=READ, content=KEEP),
    "enrollment.applicationtext": Page(enrollment=READ, content=KEEP, actions={"publish": CHANGE}),
    "accounts.termsversion": Page(content=KEEP, actions={"publish": CHANGE}),
    "content.privacystatement": Page(content=KEEP, actions={"publish": CHANGE}),
    "content.newsitem": Page(content=KEEP, actions={"publish": CHANGE, "withdraw": CHANGE}, views={"preview": VIEW}),
    "content.resource": Page(content=KEEP, auditor=FILES, views={"file": OPEN}),
    "content.trainingcourse": Page(desk=READ, content=KEEP),
    "content.contactproduct": Page(desk=READ, content=KEEP),
    "content.contactline": Page(desk=READ, content=KEEP),
    "content.agentgroup": Page(desk=READ, content=KEEP),
    # About people, not a text: who completed which course
    "content.trainingcompletion": Page(desk=KEEP, views={"import": ADD}),
    # Reports and commissions
    "reporting.commissionstatement": Page(views={"import": ADD}),
    "reporting.commissionline": Page(),
    "reporting.outreach": Page(auditor=LOOK),
    "reporting.savedreport": Page(),
    "reporting.reportrun": Page(actions={"stop": CHANGE, "try_again": CHANGE}),
    # The kernel
    "common.auditevent": Page(),
    "common.auditlink": Page(),
    "common.outboxmessage": Page(enrollment=WORK, actions={"retry": CHANGE}),
    "common.outboundmessage": Page(desk=READ),
    "common.throttlewindow": Page(),
    # The demo's mailbox holds codes, of administrators too.
    "common.mailboxentry": Page(auditor=NONE),
    "notifications.notification": Page(desk=READ),
    "files.storedfile": Page(actions={"scan_again": CHANGE}, views={"download": OPEN}),
}

# Outside of the administration: what a role may do in the portal itself, in every producer's book.
STAFF_BASE_PERMS = frozenset({Perm.SIGNED_IN})
PORTAL_PERMS: dict[str, frozenset[Perm]] = {
    StaffRole.SERVICE_DESK.value: STAFF_BASE_PERMS | {Perm.CARRIER_ADMIN, Perm.CLIENT_VIEW, Perm.CLIENT_SERVICE},
    StaffRole.ENROLLMENT_OPERATIONS.value: STAFF_BASE_PERMS | {Perm.CARRIER_ADMIN, Perm.CLIENT_VIEW},
    StaffRole.CONTENT_EDITOR.value: STAFF_BASE_PERMS | {Perm.CARRIER_ADMIN},
    StaffRole.AUDITOR.value: STAFF_BASE_PERMS | {Perm.CARRIER_ADMIN, Perm.CLIENT_VIEW},
}

# Addresses of the administration that are about no kind of row; each checks by itself what it shows.
FREE_VIEWS = frozenset(
    {"index", "app_list", "login", "logout", "jsi18n", "autocomplete", "password_change", "password_change_done"}
)
# The ends of the names of the addresses every page has. A row's history is its part of the audit trail.
STANDARD_VIEWS: dict[str, tuple[Right, ...]] = {
    "changelist": (Right.VIEW,),
    "change": (Right.VIEW,),
    "add": (Right.ADD,),
    "delete": (Right.DELETE,),
    "history": (Right.VIEW,),
    "csv": (Right.EXPORT,),
}


def permission(right: Right, label: str) -> str:
    """The name of a right on a page, as ``user.has_perm`` takes it: ``clients.view_member``."""
    app_label, _, model_name = label.partition(".")
    return f"{app_label}.{right}_{model_name}"


@cache
def permissions_of(role: str) -> frozenset[str]:
    """Every permission of a role, by Django's names. Empty for what is no role."""
    return frozenset(permission(right, label) for label, page in PAGES.items() for right in page.rights_of(role))


@cache
def roles_with(name: str) -> tuple[str, ...]:
    """The roles that have this permission, such as ``ecomm.change_equestion``; administrators have it besides."""
    return tuple(role for role in StaffRole.values if name in permissions_of(role))


def portal_perms(role: str) -> frozenset[Perm]:
    """What a role may do in the portal itself; without a role no more than see its own pages."""
    return PORTAL_PERMS.get(role, STAFF_BASE_PERMS)


@cache
def _needed() -> dict[str, frozenset[str]]:
    """The permissions each address of the administration needs, by its name."""
    found = {}
    for label, page in PAGES.items():
        stem = label.replace(".", "_")
        for end, rights in STANDARD_VIEWS.items():
            found[f"{stem}_{end}"] = frozenset(permission(right, label) for right in rights)
        found[f"{stem}_history"] |= {permission(Right.VIEW, "common.auditevent")}
        for end, right in page.views.items():
            found[f"{stem}_{end}"] = frozenset({permission(right, label)})
    return found


def may_open(user: Any, url_name: str | None) -> bool:
    """May this person open the address of the administration with this name? Unknown ones are for administrators only.

    Addresses without a name only lead elsewhere or say that there is nothing.
    """
    if user.is_superuser or url_name is None or url_name in FREE_VIEWS:
        return True
    needed = _needed().get(url_name)
    return needed is not None and all(user.has_perm(name) for name in needed)


def may_act(user: Any, label: str, action: str) -> bool:
    """May this person use the action of the list of ``label``? Unknown ones are for administrators only."""
    if user.is_superuser:
        return True
    needed = PAGES[label].actions.get(action) if label in PAGES else None
    return needed is not None and bool(user.has_perm(permission(needed, label)))
