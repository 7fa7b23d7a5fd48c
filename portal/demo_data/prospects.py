"""Leads: people who are not insured yet."""

from datetime import datetime, timedelta
from random import Random

from accounts.models import User
from clients.models import Prospect
from portal.demo_data import places
from portal.demo_data.households import email
from portal.demo_data.people import PRIMARY, FamilyMaker, surname


def add_prospects(
    rng: Random, *, producer_id: int, by: User, states: tuple[str, ...], count: int, now: datetime
) -> None:
    """Add ``count`` leads of one producer, one of them deleted (it can be brought back for a while)."""
    families = FamilyMaker(now.date())
    leads = []
    for place in range(count):
        us_state = rng.choice(states)
        last_name, origin = surname(rng, us_state)
        person = families.person(rng, PRIMARY, last_name, age=rng.uniform(19, 63), origin=origin)
        address = places.address(rng, us_state)
        area_code = address.town.area_code
        leads.append(
            Prospect(
                producer_id=producer_id,
                first_name=person.first_name,
                middle_initial=person.middle_initial,
                last_name=person.last_name,
                address_1=address.line_1,
                address_2=address.line_2,
                city=address.town.city,
                us_state=us_state,
                zip=address.town.zip,
                phone=places.phone(rng, area_code) if rng.random() < 0.6 else "",
                cell_phone=places.phone(rng, area_code) if rng.random() < 0.7 else "",
                email=email(rng, person, 0) if rng.random() < 0.8 else "",
                created_by=by,
            )
        )
        if place == count - 1:
            leads[-1].deleted_at, leads[-1].deleted_by = now - timedelta(days=3), by
    Prospect.objects.bulk_create(leads)
    for place, lead in enumerate(leads):  # the field itself always says now
        lead.created_at = now - timedelta(days=1 + place * 3, minutes=place * 47)
    Prospect.objects.bulk_update(leads, ["created_at"])
