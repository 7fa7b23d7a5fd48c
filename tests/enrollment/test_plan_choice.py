"""When Enroll in Selected Plans can be pressed, and how long a quote can be used."""

from datetime import date

import pytest

from enrollment.rules.plan_choice import (
    BOTH_MARKETS,
    NOTHING_CHOSEN,
    ChosenPlan,
    why_not_enroll,
)
from enrollment.rules.quote_days import expires_on, is_expired

pytestmark = pytest.mark.no_db
FAR = date(2099, 1, 1)


def chosen(medical: int, dental: int, *, markets: tuple[str, str] = ("OFF", "OFF")) -> list[ChosenPlan]:
    return [ChosenPlan("MEDICAL", markets[0])] * medical + [ChosenPlan("DENTAL", markets[1])] * dental


@pytest.mark.feature("QUO_05")
@pytest.mark.parametrize(
    ("medical", "dental", "may"),
    [
        (0, 0, False),
        (1, 0, True),
        (0, 1, True),
        (1, 1, True),
        (2, 0, False),
        (0, 2, False),
        (1, 2, False),
        (2, 1, False),
        (2, 2, False),
    ],
)
def test_one_medical_and_or_one_dental_plan_can_be_enrolled_in(medical, dental, may):
    assert (why_not_enroll(chosen(medical, dental)) == "") is may


@pytest.mark.feature("QUO_05")
@pytest.mark.parametrize(
    ("plans", "said"),
    [
        (chosen(0, 0), NOTHING_CHOSEN),
        (chosen(3, 0), "Select only one medical plan. 3 are selected."),
        (chosen(1, 2), "Select only one dental plan. 2 are selected."),
        (
            chosen(2, 3),
            "Select only one medical and one dental plan. 2 medical and 3 dental plans are selected.",
        ),
        (chosen(1, 1, markets=("ON", "OFF")), BOTH_MARKETS),
        (chosen(1, 1, markets=("ON", "ON")), ""),
    ],
)
def test_the_reason_is_said_in_words(plans, said):
    assert why_not_enroll(plans) == said


@pytest.mark.feature("QUO_07")
@pytest.mark.parametrize(
    ("changed_on", "last_day", "expected"),
    [
        (date(2026, 11, 20), FAR, date(2027, 1, 19)),
        (date(2028, 1, 1), FAR, date(2028, 3, 1)),  # over 29 February
        (date(2026, 11, 20), date(2026, 12, 15), date(2026, 12, 15)),
        (date(2026, 11, 20), date(2027, 1, 19), date(2027, 1, 19)),
        (date(2026, 11, 20), date(2027, 1, 20), date(2027, 1, 19)),
        (date(2026, 11, 20), date(2026, 11, 20), date(2026, 11, 20)),
        (date(2026, 11, 20), date(2026, 11, 19), date(2026, 11, 20)),  # asked for too late: through the day itself
    ],
)
def test_a_quote_lives_sixty_days_but_never_longer_than_its_date_can_be_asked_for(changed_on, last_day, expected):
    assert expires_on(changed_on=changed_on, last_day_to_apply=last_day) == expected


@pytest.mark.feature("QUO_07")
@pytest.mark.parametrize(("today", "expired"), [(date(2026, 12, 15), False), (date(2026, 12, 16), True)])
def test_the_day_a_quote_expires_on_is_still_a_good_one(today, expired):
    assert is_expired(expires_on=date(2026, 12, 15), today=today) is expired
