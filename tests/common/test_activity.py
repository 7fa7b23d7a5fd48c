import pytest

from portal.common import activity
from portal.common.activity import exported

pytestmark = pytest.mark.no_db


@pytest.mark.parametrize(
    ("action", "details", "sentence"),
    [
        ("client.viewed", {}, "Opened the client's page"),
        ("client.searched", {"by": ["account"]}, "Searched for clients"),
        ("client.list_exported", {"format": "xlsx", "rows": 1}, "Exported a client list to Excel (1 row)"),
        ("report.exported", {"format": "csv", "rows": 1234}, "Exported a report to CSV (1,234 rows)"),
        ("report.run", {"policy_status": "GRACE"}, "Ran a report"),
    ],
)
def test_what_delegates_do_is_told_in_words(action, details, sentence):
    assert activity.describe(action, details) == sentence


def test_what_nobody_described_is_told_by_its_own_name():
    assert activity.describe("id_card.temporary_ordered", {"anything": "else"}) == "Id card temporary ordered"


def test_an_export_without_figures_is_still_told():
    assert exported("a list", {}) == "Exported a list to a file"
