"""What a reviewer would say about the whole code, said once and checked always."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.template.loader import get_template

pytestmark = pytest.mark.no_db

ROOT = Path(settings.BASE_DIR)
APPS = ("portal", "accounts", "clients", "enrollment", "ecomm", "reporting")
NOT_OURS = {".git", ".venv", ".runtime", "vendor", "__pycache__", ".hypothesis", "node_modules", "staticfiles"}


def files(*suffixes: str, under: str = "") -> Iterator[Path]:
    """Our own files, vendored ones, caches and what the portal writes itself left out."""
    for folder, names, found in os.walk(ROOT / under):
        names[:] = [name for name in names if name not in NOT_OURS and not name.endswith("_cache")]
        yield from (Path(folder, name) for name in sorted(found) if not suffixes or name.endswith(suffixes))


def local(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- one door to client data ---

# Code that shows people rows: it must begin at for_user. Services, tasks and commands get ids and say for whom they work.
READS_FOR_PEOPLE = re.compile(
    r"^(accounts|clients|enrollment|ecomm|reporting)/(views/|forms/|selectors|tables\.py)|^reporting/(?!migrations|models|services)"
)
# Expressions allowed in a file all the same, each with its reason.
NOT_BY_BOOK = {
    "portal/common/tables.py": {"self.filtered_rows.model._default_manager": "ids come from rows in scope"},
    "clients/selectors/search.py": {
        "Policy.objects": "ids with a number, looked up among the policies in scope",
        "Member.objects": "ids with a member number, looked up among the policies in scope",
    },
    "clients/selectors/timeline_traces.py": dict.fromkeys(
        ("IdCardRequest.objects", "MemberChange.objects", "PcpAssignment.objects"), "is there any? nothing is read"
    ),
    "ecomm/selectors/timeline_traces.py": dict.fromkeys(
        ("DocumentSubmission.objects", "EQuestion.objects"), "is there any? nothing is read"
    ),
    "enrollment/selectors/timeline_traces.py": dict.fromkeys(
        ("Quote.objects", "Application.objects", "EvidenceItem.objects", "Payment.objects"),
        "is there any? nothing is read",
    ),
    "reporting/at_risk.py": {"EvidenceItem.objects": "asked of applications in scope only"},
    "accounts/views/registration.py": {"Producer.objects": "nobody is signed in; the id was proven in step one"},
}
SCOPED_MODELS = {
    model.__name__
    for app in APPS
    for model in (apps.get_app_config(app).get_models() if apps.is_installed(app) else ())
    if hasattr(model._default_manager, "for_user")
}
MANAGERS = {"objects", "_default_manager", "_base_manager"}
# Reverse relations that lead from a row in scope to rows of other people's books.
CROSSING = {
    "policies",
    "members",
    "changes",
    "prospects",
    "id_card_orders",
    "id_card_requests",
    "pcp_assignments",
}
ASKING = {"all", "filter", "exclude", "get", "first", "last", "count", "exists", "values", "values_list", "order_by"}


def doors_not_used(source: str) -> list[str]:
    """Expressions that read client rows past ``for_user``."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Attribute):
            continue
        inner = node.value
        if inner.attr in MANAGERS and node.attr != "for_user":
            owner = ast.unparse(inner.value)
            if owner in SCOPED_MODELS or inner.attr != "objects":
                found.append(ast.unparse(inner))
        if inner.attr in CROSSING and node.attr in ASKING:
            found.append(ast.unparse(node))
    return found


def test_code_that_shows_rows_to_people_begins_at_for_user():
    offences = {}
    for path in files(".py"):
        name = local(path)
        if READS_FOR_PEOPLE.search(name) or name == "portal/common/tables.py":
            bad = [what for what in doors_not_used(path.read_text()) if what not in NOT_BY_BOOK.get(name, {})]
            if bad:
                offences[name] = bad
    assert offences == {}


def test_the_models_with_a_door_are_known():
    assert {
        "Account",
        "Member",
        "Policy",
        "Prospect",
        "MemberChange",
        "PcpAssignment",
        "IdCardRequest",
    } <= SCOPED_MODELS


def test_the_views_are_among_the_files_read():
    names = [local(path) for path in files(".py")]
    read = [name for name in names if READS_FOR_PEOPLE.search(name)]
    assert {
        "clients/selectors/detail.py",
        "clients/selectors/search.py",
        "clients/views/detail.py",
        "clients/tables.py",
        "reporting/narrowing.py",
    } <= set(read)


@pytest.mark.parametrize(
    ("source", "offences"),
    [
        ("Policy.objects.for_user(user).filter(pk=1)", []),
        ("Policy.objects.filter(pk=1)", ["Policy.objects"]),
        ("get_object_or_404(Account.objects.all(), number=n)", ["Account.objects"]),
        ("Policy._default_manager.get(pk=1)", ["Policy._default_manager"]),
        ("account.policies.all()", ["account.policies.all"]),
        ("client.policies[0].producer_number", []),
        ("OneTimeCode.objects.filter(user=user)", []),
    ],
)
def test_a_way_around_the_door_is_found(source, offences):
    assert doors_not_used(source) == offences


# --- models ---


def our_models() -> list[type[models.Model]]:
    return [model for app in APPS if apps.is_installed(app) for model in apps.get_app_config(app).get_models()] + list(
        apps.get_app_config("common").get_models()
    )


def fields(kind: type) -> list[tuple[str, models.Field]]:
    return [
        (f"{model.__name__}.{field.name}", field)
        for model in our_models()
        for field in model._meta.get_fields()
        if isinstance(field, kind)
    ]


def test_every_calendar_day_says_which_day_it_is():
    """Inclusive or not is the most common misunderstanding about dates; a birthday has no such question."""
    days = [(name, field) for name, field in fields(models.DateField) if not isinstance(field, models.DateTimeField)]
    assert len(days) > 10
    unclear = [
        name
        for name, field in days
        if not name.endswith("date_of_birth") and not re.search(r"\bday\b", str(field.help_text), re.IGNORECASE)
    ]
    assert unclear == []


def test_days_are_called_dates_and_moments_at():
    wrong = [
        name
        for name, field in fields(models.DateTimeField)
        if not re.search(r"(_at|_until|\.at|not_before|last_login|date_joined|as_of)$", name)
    ]
    assert wrong == []


def test_money_is_decimal():
    assert fields(models.FloatField) == []
    money = re.compile(r"premium|amount|past_due|price|commission|balance|fee(_|$)")
    named = [(name, f) for name, f in fields(models.Field) if money.search(name.split(".")[1])]
    wrong = [
        name
        for name, field in named
        if not isinstance(field, models.DecimalField | models.DateField | models.BooleanField | models.ForeignKey)
    ]
    assert named
    assert wrong == []
    assert all(field.decimal_places == 2 for _name, field in fields(models.DecimalField))


# --- brand ---

# Put together here, so that this file does not hold the words it looks for.
CARRIERS = [
    "".join(parts)
    for parts in (
        ("blue", "cross"),
        ("blue", " cross"),
        ("blue", "shield"),
        ("blue", " shield"),
        ("bc", "bs"),
        ("hc", "sc"),
        ("health care ", "service corporation"),
        ("an", "them"),
        ("aet", "na"),
        ("cig", "na"),
        ("hum", "ana"),
        ("united", "health"),
        ("mol", "ina healthcare"),
        ("kaiser", " permanente"),
        ("cent", "ene"),
        ("amb", "etter"),
        ("oscar", " health"),
        ("blue", "care"),
        ("blue", " choice"),
        ("blue ", "precision"),
    )
]
BRANDS = re.compile(rf"\b({'|'.join(map(re.escape, CARRIERS))})", re.IGNORECASE)
BINARY = (".png", ".ico", ".woff2", ".woff", ".ttf", ".gz", ".jpg", ".pdf", ".xlsx", ".pyc")


@pytest.mark.feature("ISS_05")
def test_no_carriers_name_stands_in_code_screens_data_or_documents():
    found = {}
    for path in files():
        if not path.name.endswith(BINARY) and not path.name.startswith(".coverage"):
            words = {match.lower() for match in BRANDS.findall(path.read_text(errors="replace"))}
            if words or BRANDS.search(path.name):
                found[local(path)] = words
    assert found == {}


@pytest.mark.feature("ISS_05")
def test_a_carriers_name_would_be_found():
    assert BRANDS.search(f"<img alt='{'Blue' + 'Cross'} logo'>")
    assert BRANDS.search("A " + "BC" + "BS plan")
    assert not BRANDS.search("canthem, phumana, a cross of blue")


@pytest.mark.feature("ISS_05")
def test_the_brand_is_a_setting(client, db, settings):
    settings.PORTAL_NAME, settings.CARRIER_NAME = "Lakeside Desk", "Lakeside Mutual"
    settings.CARRIER_ENTITY_LINE = "Lakeside Mutual Insurance Company"
    page = client.get("/accounts/login/").content.decode()
    assert "Lakeside Desk" in page
    assert "Lakeside Mutual" in page
    assert "Prairie Summit" not in page


# --- templates ---


def template_names() -> set[str]:
    return {str(path.relative_to(ROOT / "templates")) for path in files(".html", ".txt", under="templates")}


def test_every_template_is_used():
    """By a view, an email, another template, or by the framework that looks for it under its name."""
    called_by_django = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html"}
    kit = {name for name in template_names() if name.startswith(("components/", "admin/", "bootstrap5/"))}
    sources = [path.read_text() for path in files(".py") if not local(path).startswith("tests/")]
    sources += [path.read_text() for path in files(".html", ".txt", under="templates")]
    text = "\n".join(sources)
    # An email is named by its kind: login_code stands for email/login_code.html and .txt.
    by_kind = {name for name in template_names() if name.startswith("email/") and f'"{Path(name).stem}"' in text}
    unused = {name for name in template_names() - called_by_django - kit - by_kind if f'"{name}' not in text}
    assert unused == set()


def test_every_template_named_anywhere_exists():
    named = set()
    for path in [*files(".html", under="templates"), *files(".py")]:
        if not local(path).startswith("tests/"):
            named |= set(re.findall(r'"([a-z0-9_]+(?:/[a-z0-9_]+)*\.html)(?:#[a-z-]+)?"', path.read_text()))
    assert len(named) > 15
    for name in sorted(named):
        get_template(name)


def test_python_writes_no_markup_that_the_content_policy_refuses():
    forbidden = re.compile(
        r"""["'<\s]on(click|load|change|submit|error)\s*=|["']style["']\s*:|\sstyle=|javascript:|<script"""
    )
    offences = {
        local(path)
        for path in files(".py")
        if not local(path).startswith(("tests/", "bench/")) and forbidden.search(path.read_text())
    }
    offences.discard("portal/common/files/examine.py")  # it looks for such markup in what people send
    assert offences == set()


# --- the locked requirements ---


def test_locked_requirements_carry_hashes_and_no_address():
    locked = sorted((ROOT / "requirements").glob("*.txt"))
    assert {"base.txt", "demo.txt", "dev.txt"} <= {path.name for path in locked}
    for path in locked:
        lines = [line for line in path.read_text().splitlines() if line and not line.lstrip().startswith("#")]
        assert not [line for line in lines if "://" in line or "index-url" in line], path
        packages = "\n".join(lines).replace("\\\n", " ").splitlines()
        assert all("--hash=sha256:" in package for package in packages), path


# --- what a security linter is told to pass over ---

PASSED_OVER = re.compile(r"#\s*(?:noqa:\s*[A-Z0-9, ]*\bS\d{3}[A-Z0-9, ]*|nosec\b[\w, ]*)(.*)$")


def without_reason(source: str) -> list[int]:
    """Lines on which a finding of a security linter is passed over and nobody says why."""
    return [
        number
        for number, line in enumerate(source.splitlines(), start=1)
        if (passed := PASSED_OVER.search(line)) and not re.match(r"- \w", passed[1])
    ]


def test_whoever_passes_over_a_security_finding_says_why_beside_it():
    found = {local(path): without_reason(path.read_text()) for path in files(".py")}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_a_finding_passed_over_in_silence_is_found():
    marks = ["noqa: S608", "noqa: S608 - our own names", "noqa: E402", "nosec", "nosec B608 - ours", "noqa: F401, S101"]
    assert without_reason("\n".join(f"x = 1  # {mark}" for mark in marks)) == [1, 4, 6]


# --- forms ---


def test_forms_name_every_field_they_take():
    """Mass assignment (ASVS 15.3.3): no form takes whatever a model has, and none takes all but some."""
    offences = []
    for path in files(".py"):
        if local(path).startswith("tests/"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name == "Meta":
                named = {ast.unparse(part.targets[0]): part.value for part in node.body if isinstance(part, ast.Assign)}
                fields = named.get("fields")
                if "exclude" in named or (isinstance(fields, ast.Constant) and fields.value == "__all__"):
                    offences.append(local(path))
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("construct_instance"):
                offences.append(local(path))
    assert offences == []


# --- docs/security.md ---


def proofs_in(text: str) -> set[tuple[str, str]]:
    """Each ``file::name`` of a text; several names after one file are separated by commas."""
    return set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text))


def test_every_test_that_the_security_checklist_names_exists():
    text = (ROOT / "docs" / "security.md").read_text()
    named = proofs_in(text)
    assert len(named) > 100
    defined = {
        name: {
            node.name for node in ast.walk(ast.parse((ROOT / name).read_text())) if isinstance(node, ast.FunctionDef)
        }
        for name in {file for file, _ in named}
        if (ROOT / name).exists()
    }
    assert sorted(f"{file}::{test}" for file, test in named if test not in defined.get(file, ())) == []
    # Nothing is called a test in a way that the line above does not read.
    assert len(re.findall(r"tests/[\w/]+\.py::", text)) == len(re.findall(r"`tests/[\w/]+\.py::test_\w+`", text))


def test_every_line_of_the_security_checklist_names_a_test_a_setting_or_a_reason():
    text = (ROOT / "docs" / "security.md").read_text()
    rows = {row[1]: row[2] for row in re.finditer(r"^\| (\d+\.\d+\.\d+) \| (.*) \|$", text, re.MULTILINE)}
    proven = set(re.findall(r"^- (\d+\.\d+\.\d+): `tests/", text, re.MULTILINE))
    assert len(rows) > 100
    assert proven <= set(rows)
    assert {
        no for no, row in rows.items() if no not in proven and not re.search(r"`[^`]+`|deviation|operator", row)
    } == set()


def test_lines_of_the_security_checklist_are_short():
    text = (ROOT / "docs" / "security.md").read_text()
    assert [line for line in text.splitlines() if len(line) > 160] == []


def test_every_setting_that_the_security_checklist_names_exists():
    text = (ROOT / "docs" / "security.md").read_text()
    sources = "\n".join(path.read_text() for path in files(".py") if not local(path).startswith("tests/"))
    named = set(re.findall(r"`([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)`", text))
    assert named
    assert sorted(name for name in named if name not in sources) == []
