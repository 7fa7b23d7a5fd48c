from django.urls import URLPattern, path, register_converter

from enrollment.converters import RecordNumberConverter
from enrollment.views import applications, enrolling, proposals, quote_list, quotes

app_name = "enrollment"

register_converter(RecordNumberConverter, "record_number")

urlpatterns: list[URLPattern] = [
    path("", quote_list.home, name="home"),
    path("quotes/", quote_list.quotes, name="quotes"),
    path("quotes/new/", quotes.quote_add, name="quote-add"),
    path("quotes/delete/", quote_list.quotes_delete, name="quotes-delete"),
    path("quotes/restore/", quote_list.quotes_restore, name="quotes-restore"),
    path("quotes/copy/", quote_list.quotes_copy, name="quotes-copy"),
    path("quotes/rename/", quote_list.quotes_rename, name="quotes-rename"),
    path("quotes/<int:quote_id>/", quotes.quote_plans, name="quote-plans"),
    path("quotes/<int:quote_id>/edit/", quotes.quote_edit, name="quote-edit"),
    path("quotes/<int:quote_id>/compare/", quotes.quote_compare, name="quote-compare"),
    path("quotes/<int:quote_id>/review/", quotes.quote_review, name="quote-review"),
    path("quotes/<int:quote_id>/save/", quotes.quote_save, name="quote-save"),
    path("quotes/<int:quote_id>/copy/", quotes.quote_copy, name="quote-copy"),
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
