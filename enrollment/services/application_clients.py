"""Taking over what is on file of a client into an application, where it can be edited (APP_01)."""

from accounts.models import User
from enrollment.models import Applicant, Application, County
from enrollment.selectors.application_clients import KnownClient
from portal.common import audit
from portal.common.dates import US_STATES

TAKEN = "{name} was taken over. Check the answers and complete what is missing."
ELSEWHERE = (
    "{name} was taken over without the address: it is in {theirs}, and this application is for a home in {ours}, the "
    "state of the writing number."
)


def take_over(application: Application, primary: Applicant, client: KnownClient, *, by: User) -> str:
    """Fill in the primary applicant, the home address and how to reach them; return what to say.

    An address in another state than the writing number's stays out (HOM_13). What is not on file leaves what was entered.
    The caller saves ``application``.
    """
    member, account = client.member, client.member.account
    primary.first_name, primary.last_name = member.first_name, member.last_name
    primary.middle_initial = member.middle_initial
    primary.date_of_birth, primary.sex = member.date_of_birth, member.sex
    primary.ssn = member.ssn or primary.ssn
    primary.save()
    application.member = member
    if client.phone:
        kinds = Application.PhoneType
        application.phone = client.phone
        application.phone_type = kinds.MOBILE if client.phone_is_mobile else kinds.LANDLINE
    application.email = client.email or application.email
    same_state = account.us_state == application.us_state
    if same_state:
        application.address_1, application.address_2 = account.address_1, account.address_2
        application.city, application.zip = account.city, account.zip
        application.county = County.objects.filter(pk=client.county_fips).first()
    audit.record(
        "application.client_taken_over",
        by=by,
        for_producer=application.producer_number.producer.npn,
        object_type="application",
        object_id=application.record_number,
        details={"client": account.audit_id},
    )
    if same_state:
        return TAKEN.format(name=member.name)
    return ELSEWHERE.format(name=member.name, theirs=US_STATES[account.us_state], ours=US_STATES[application.us_state])
