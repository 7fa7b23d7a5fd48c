"""What has been entered about the people of the demo producer's applications: one nearly complete, one barely begun."""

from datetime import datetime

from accounts.models import User
from enrollment.models import Application, QuotePerson
from enrollment.selectors import applications
from enrollment.selectors.contact_texts import KINDS
from enrollment.selectors.texts import texts_in_force
from portal.common.dates import today_in

Relation = QuotePerson.Relation
FAMILY, COUPLE = "Okafor", "Whitlock"
# Of a range the Social Security Administration has never issued.
SSNS = {"Chidi": "666418812", "Amara": "666418829"}


def add_people(*, by: User, now: datetime) -> int:
    """Fill in as ``by`` would have, and return how many applications; none where they are not there."""
    rows = applications.with_status(by, Application.Status.INCOMPLETE).prefetch_related("applicants")
    found = {one.last_name: row for row in rows for one in row.applicants.all() if one.position == 0}
    if FAMILY in found:
        _family(found[FAMILY], now=now)
    if COUPLE in found:
        _couple(found[COUPLE])
    return len({FAMILY, COUPLE} & set(found))


def _family(application: Application, *, now: datetime) -> None:
    """Everything but the youngest child's last name, which the pencil adds."""
    kinds = Application.PhoneType
    application.address_1, application.address_2 = "1842 Washington St", "Apt 3"
    application.city, application.mailing_differs = "Naperville", False
    application.phone, application.phone_type, application.email = "6305550187", kinds.MOBILE, "okafor@mail.example"
    application.hra_kind, application.hra_employer = Application.HraKind.ICHRA, "Fox River Instruments"
    application.last_step = "household"
    application.save()
    texts = texts_in_force(KINDS, application.us_state, today_in(application.us_state, now=now))
    application.contact_texts.set(texts.values())
    for person in application.applicants.all():
        person.ssn = SSNS.get(person.first_name)
        if person.relation == Relation.SELF:
            person.middle_initial = "E"
            person.spoken_language, person.written_language = "English", "English"
        elif person.relation == Relation.SPOUSE:
            person.phone = "6305550188"
        elif person.first_name == "Emeka":
            person.last_name = ""
        person.save()


def _couple(application: Application) -> None:
    """The address only, another one for mail."""
    application.address_1, application.city = "905 Franklin St", "Houston"
    application.mailing_differs = True
    application.mailing_address_1, application.mailing_city = "PO Box 2214", "Galveston"
    application.mailing_state, application.mailing_zip = "TX", "77553"
    application.last_step = "applicant"
    application.save()
