from django.urls import URLPattern, path, register_converter

from enrollment.converters import RecordNumberConverter, StepConverter
from enrollment.views import (
    application_lookups,
    applications,
    enrolling,
    evidence,
    payments,
    proposals,
    quote_list,
    quotes,
    submission,
    wizard,
    wizard_cards,
    wizard_texts,
)

app_name = "enrollment"

register_converter(RecordNumberConverter, "record_number")
register_converter(StepConverter, "step")

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
    path("applications/new/", wizard.application_new, name="application-add"),
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
    path(
        "applications/<record_number:record_number>/submit/", submission.application_submit, name="application-submit"
    ),
    path("applications/<record_number:record_number>/state/", submission.application_state, name="application-state"),
    path(
        "applications/<record_number:record_number>/failed/", submission.application_failed, name="application-failed"
    ),
    path("applications/<record_number:record_number>/pdf/", submission.application_pdf, name="application-pdf"),
    path("applications/<record_number:record_number>/proof/", submission.proof_packet, name="application-proof"),
    path(
        "applications/<record_number:record_number>/proof-file/",
        submission.proof_file,
        name="application-proof-file",
    ),
    path("applications/<record_number:record_number>/pay/", payments.application_pay, name="application-pay"),
    path(
        "applications/<record_number:record_number>/payment-state/",
        payments.application_payment_state,
        name="application-payment-state",
    ),
    path("payments/callback/<slug:gateway_name>/", payments.payment_callback, name="payment-callback"),
    path("payments/return/<str:token>/", payments.payment_return, name="payment-return"),
    path("payments/policy-return/<str:token>/", payments.policy_payment_return, name="policy-payment-return"),
    path("payments/autopay/<int:mandate_id>/end/", payments.autopay_end, name="autopay-end"),
    path("payments/client/<number:account_number>/", payments.client_pay, name="client-pay"),
    path(
        "applications/<record_number:record_number>/continue/",
        wizard.application_continue,
        name="application-continue",
    ),
    path(
        "applications/<record_number:record_number>/client-search/",
        application_lookups.client_search,
        name="application-client-search",
    ),
    path(
        "applications/<record_number:record_number>/address-search/",
        application_lookups.address_search_result,
        name="application-address-search",
    ),
    path(
        "applications/<record_number:record_number>/county/",
        application_lookups.county,
        name="application-county",
    ),
    path(
        "applications/<record_number:record_number>/evidence/",
        evidence.application_evidence,
        name="application-evidence",
    ),
    path("applications/<record_number:record_number>/terms/", wizard_texts.application_terms, name="application-terms"),
    path(
        "applications/<record_number:record_number>/texts/<slug:kind>/",
        wizard_texts.application_text,
        name="application-text",
    ),
    path("applications/<record_number:record_number>/<step:step>/", wizard.application_step, name="application-step"),
    path(
        "applications/<record_number:record_number>/<step:step>/<slug:name>/new/",
        wizard_cards.application_card,
        name="application-card-add",
    ),
    path(
        "applications/<record_number:record_number>/<step:step>/<slug:name>/<int:pk>/",
        wizard_cards.application_card,
        name="application-card",
    ),
    path(
        "applications/<record_number:record_number>/<step:step>/<slug:name>/<int:pk>/delete/",
        wizard_cards.application_card_delete,
        name="application-card-delete",
    ),
]
