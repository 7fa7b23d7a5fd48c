"""Answers that a draft still holds although the application no longer asks for them."""

from clients.models import Policy
from enrollment.models import Application, Signature
from enrollment.rules.consumer_choice import disclosure_needed
from enrollment.rules.coverage_replacement import replacement_shown
from enrollment.rules.guardians import PersonOnForm, guardian_needed
from enrollment.rules.pcp_entry import entry_for_plan
from enrollment.selectors.application_plans import is_dental_form, medical_plan, people_of
from portal.common.dates import today_in

Role = Signature.Role


def drop_unasked(application: Application) -> None:
    """Leave out what is no part of the application any more, just before it is submitted.

    While it is a draft, an answer that opened further questions may be changed back without losing what was entered there:
    replaced and other coverage under No, the PCP of a plan that has none, who signed for a child that is none any more, the
    medical plan of what has become a Dental Application. The caller has locked the row, and saves it.
    """
    if is_dental_form(application):
        application.plans.filter(line=Policy.Line.MEDICAL).delete()
    medical, people = medical_plan(application), people_of(application)
    if medical is None or entry_for_plan(application.us_state, medical.plan.network_type) is None:
        application.applicants.exclude(pcp_number="").update(pcp_number="")
    if not replacement_shown(application.us_state, application.form_type):
        application.replaces_coverage = False
    if not application.replaces_coverage:
        application.replacements.all().delete()
    if not application.has_other_coverage:
        application.other_coverages.all().delete()
    unneeded = []
    if not application.by_representative:
        unneeded.append(Role.REPRESENTATIVE)
    on_form = [PersonOnForm(one.relation, one.date_of_birth) for one in people]
    first_day = application.effective_date or today_in(application.us_state)
    if not guardian_needed(on_form, effective_date=first_day):
        unneeded.append(Role.GUARDIAN)
    flagged = medical is not None and medical.plan.consumer_choice
    if not disclosure_needed(application.us_state, consumer_choice_plan=flagged):
        unneeded.append(Role.CONSUMER_CHOICE)
    if not application.proxy_agreed:
        unneeded.append(Role.PROXY)
    application.signatures.filter(role__in=unneeded).delete()
