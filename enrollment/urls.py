from django.urls import URLPattern, path, register_converter

from enrollment.converters import RecordNumberConverter
from enrollment.views import applications, enrolling, proposals

app_name = "enrollment"

register_converter(RecordNumberConverter, "record_number")

urlpatterns: list[URLPattern] = []
urlpatterns += [
    path("quotes/<int:quote_id>/enroll/", enrolling.quote_enroll, name="quote-enroll"),
    path("quotes/<int:quote_id>/proposal/", proposals.quote_proposal, name="quote-proposal"),
    path("quotes/<int:quote_id>/proposal/state/", proposals.proposals_state, name="proposals-state"),
    path("quotes/<int:quote_id>/proposal/<int:proposal_id>/file/", proposals.proposal_file, name="proposal-file"),
    path("quotes/<int:quote_id>/proposal/<int:proposal_id>/retry/", proposals.proposal_retry, name="proposal-retry"),
    path("quotes/<int:quote_id>/proposal/<int:proposal_id>/resend/", proposals.proposal_resend, name="proposal-resend"),
    path("applications/", applications.applications, name="applications"),
    path("applications/<record_number:record_number>/", applications.application, name="application"),
    path(
        "applications/<record_number:record_number>/withdraw/",
        applications.application_withdraw,
        name="application-withdraw",
    ),
    path(
        "applications/<record_number:record_number>/restore/",
        applications.application_restore,
        name="application-restore",
    ),
]
