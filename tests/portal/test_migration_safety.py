"""Migrations run while the code before them still serves: none takes away what that code uses, none locks big tables for long.

The rule and its two steps stand in docs/operations.md (Migrations while people work). Migrations published before the rule
are named here once; nothing is ever added to that list.
"""

import re
from pathlib import Path

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

pytestmark = pytest.mark.no_db
ROOT = Path(__file__).resolve().parents[2]

# The last migration of each app that came before the rule.
BEFORE_THE_RULE = {
    "accounts": "0006",
    "clients": "0014",
    "common": "0005",
    "content": "0002",
    "ecomm": "0003",
    "enrollment": "0016",
    "files": "0002",
    "notifications": "0001",
    "reporting": "0003",
}
# Tables that hold a row for each client, application or thing that happened: an index or a check there takes minutes.
BIG = {
    *("clients.account", "clients.member", "clients.policy", "clients.coverage", "clients.contactpoint"),
    *("clients.memberchange", "clients.pcpassignment", "enrollment.application", "enrollment.applicant"),
    *("enrollment.planrate", "common.auditevent", "common.auditlink", "common.outboxmessage"),
    *("common.outboundmessage", "notifications.notification", "files.storedfile", "accounts.loginattempt"),
}
REMOVES = (migrations.RemoveField, migrations.RenameField, migrations.DeleteModel, migrations.RenameModel)
# What the second step writes above the migration: the release in which no code used it any more.
SECOND_STEP = re.compile(r"^# Second step: unused since \S+", re.MULTILINE)
LOCKS = re.compile(
    r"\b(CREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)|VACUUM\s+FULL|CLUSTER\b|LOCK\s+TABLE)", re.IGNORECASE
)


def ours() -> list[tuple[str, str, migrations.Migration, str]]:
    loader = MigrationLoader(None)
    found = []
    for (app, name), migration in loader.disk_migrations.items():
        if app in BEFORE_THE_RULE and name[:4] > BEFORE_THE_RULE[app]:
            path = Path(__import__(migration.__module__, fromlist=["_"]).__file__)
            found.append((app, name, migration, path.read_text()))
    return found


def offences(app: str, migration: migrations.Migration, source: str) -> list[str]:
    """What in this migration the code before it, or the people working meanwhile, could not bear."""
    said = []
    for operation in migration.operations:
        what = type(operation).__name__
        table = f"{app}.{getattr(operation, 'model_name', getattr(operation, 'name', '')) or ''}".lower()
        if isinstance(operation, REMOVES) and not SECOND_STEP.search(source):
            said.append(f"{what} takes away what the running release uses: first release without it, then remove it")
        if isinstance(operation, migrations.AddField):
            field = operation.field
            given = field.null or field.db_default is not models.NOT_PROVIDED or field.many_to_many
            if not given:
                said.append(
                    f"{what} {table}.{operation.name}: the running release writes rows without it; null or db_default"
                )
        if (
            isinstance(operation, migrations.AddIndex)
            and not isinstance(operation, AddIndexConcurrently)
            and table in BIG
        ):
            said.append(f"{what} locks {table}: AddIndexConcurrently in a migration with atomic = False")
        if (
            isinstance(operation, migrations.RemoveIndex)
            and not isinstance(operation, RemoveIndexConcurrently)
            and table in BIG
        ):
            said.append(f"{what} locks {table}: RemoveIndexConcurrently in a migration with atomic = False")
        if isinstance(operation, migrations.AddConstraint) and table in BIG:
            said.append(f"{what} reads all of {table} under a lock: AddConstraintNotValid, then ValidateConstraint")
        if isinstance(operation, migrations.AlterField) and table in BIG and not SECOND_STEP.search(source):
            said.append(f"{what} may rewrite {table}: a new column, filled in pieces, takes its place")
        if isinstance(operation, migrations.RunSQL) and LOCKS.search(str(operation.sql)):
            said.append(f"{what} locks a table for long")
    return said


def test_new_migrations_can_run_while_the_release_before_them_serves():
    found = {f"{app}.{name}": said for app, name, one, source in ours() if (said := offences(app, one, source))}
    assert found == {}


class Made(migrations.Migration):
    """A migration with the operations of a case."""

    def __init__(self, *operations) -> None:
        super().__init__("0099_case", "clients")
        self.operations = list(operations)


INDEX = models.Index(fields=["status"], name="an_index")
CHECK = models.CheckConstraint(condition=models.Q(status="X"), name="a_check")


@pytest.mark.parametrize(
    ("operation", "source", "allowed"),
    [
        (migrations.RemoveField("policy", "status"), "", False),
        (migrations.RemoveField("policy", "status"), "# Second step: unused since 1.4\n", True),
        (migrations.RenameField("policy", "status", "state"), "", False),
        (migrations.DeleteModel("Policy"), "", False),
        (migrations.AddField("policy", "drill", models.IntegerField(default=0)), "", False),
        (migrations.AddField("policy", "drill", models.IntegerField(db_default=0)), "", True),
        (migrations.AddField("policy", "drill", models.IntegerField(null=True)), "", True),
        (migrations.AddIndex("policy", INDEX), "", False),
        (migrations.AddIndex("cardissuer", INDEX), "", True),
        (AddIndexConcurrently("policy", INDEX), "", True),
        (migrations.AddConstraint("policy", CHECK), "", False),
        (migrations.AlterField("policy", "status", models.CharField(max_length=9)), "", False),
        (migrations.RunSQL("CREATE INDEX x ON clients_policy (status)"), "", False),
        (migrations.RunSQL("CREATE INDEX CONCURRENTLY x ON clients_policy (status)"), "", True),
        (migrations.CreateModel("New", []), "", True),
    ],
)
def test_what_the_rule_says_of_each_kind(operation, source, allowed):
    assert (offences("clients", Made(operation), source) == []) is allowed
