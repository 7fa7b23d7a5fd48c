"""Ticked rows of a list: the boxes of a table, and what is read from them."""

import pytest
from django.http import QueryDict

from clients.models import Policy
from portal.common import selection
from portal.common.tables import Column, GridState, Table, Tick
from tests.support.factories import PolicyFactory

pytestmark = pytest.mark.feature("EQ_07")


class TickedPolicies(Table[Policy]):
    id = "policies"
    caption = "Policies"
    ticks = True
    columns = (Column(key="eapp", label="E-App", value=lambda policy: policy.eapp_number),)

    def tick(self, row: Policy) -> Tick:
        return Tick(value=row.eapp_number, label=f'Select "{row.eapp_number}"')


def table(kind: type[Table[Policy]]):
    return kind(Policy.objects.order_by("pk"), GridState(), action="/list/").view()


def test_a_box_stands_before_each_row_and_belongs_to_the_form_below():
    policy = PolicyFactory(eapp_number='01"<b>')
    view = table(TickedPolicies)
    html = str(view.rows[0].html)
    assert html.startswith('<td class="k-tick"')
    assert 'form="policies-ticked" name="row" value="01&quot;&lt;b&gt;"' in html
    assert 'aria-label="Select &quot;01&quot;&lt;b&gt;&quot;"' in html
    assert (view.tick_form_id, view.width) == ("policies-ticked", 2)
    assert policy.eapp_number not in html


def test_a_list_without_ticks_has_no_box():
    PolicyFactory()

    class Plain(TickedPolicies):
        ticks = False

    view = table(Plain)
    assert "checkbox" not in str(view.rows[0].html)
    assert (view.tick_form_id, view.width) == ("", 1)


def test_a_row_without_a_number_of_its_own_is_ticked_by_its_id():
    policy = PolicyFactory()

    class ById(TickedPolicies):
        tick = Table.tick

    assert f'value="{policy.pk}"' in str(table(ById).rows[0].html)


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("posted", "values", "confirmed"),
    [
        ("row=1&row=2", ["1", "2"], False),
        ("row=1&confirmed=1", ["1"], True),
        ("row=2&row=1&row=2&row=", ["2", "1"], False),
        ("row=a%00b", ["ab"], False),
        ("confirmed=", [], True),
        ("", [], False),
    ],
)
def test_what_was_ticked_is_read_once_each(posted, values, confirmed):
    read = selection.read(QueryDict(posted))
    assert (read.values, read.confirmed) == (values, confirmed)


@pytest.mark.no_db
def test_no_more_rows_are_taken_than_a_page_holds():
    assert len(selection.read(QueryDict("&".join(f"row={n}" for n in range(500)))).values) == selection.MOST == 100
