"""Every address of the payment portal."""

from django.urls import path

from enrollment.payment_service.views import api, information, paying

handler400 = "enrollment.payment_service.views.errors.bad_request"
handler403 = "enrollment.payment_service.views.errors.forbidden"
handler404 = "enrollment.payment_service.views.errors.not_found"
handler500 = "enrollment.payment_service.views.errors.server_error"

urlpatterns = [
    path("pay/enter/<str:link>/", paying.enter, name="enter"),
    path("pay/<str:payment_id>/", paying.payment, name="payment"),
    path("pay/<str:payment_id>/review/", paying.review, name="review"),
    path("pay/<str:payment_id>/submit/", paying.submit, name="submit"),
    path("pay/<str:payment_id>/cancel/", paying.cancel, name="cancel"),
    path("terms/", information.terms, name="terms"),
    path("privacy/", information.privacy, name="privacy"),
    path("language-assistance/", information.language_assistance, name="language-assistance"),
    path("test-numbers/", information.trial_numbers, name="trial-numbers"),
    path("language/", information.language, name="language"),
    path("health/", information.health, name="health"),
    path("api/payments/", api.create, name="api-create"),
    path("api/payments/<str:payment_id>/events/", api.events, name="api-events"),
    path("api/payments/<str:payment_id>/release/", api.release, name="api-release"),
    path("api/payments/<str:payment_id>/cancel/", api.cancel, name="api-cancel"),
    path("api/mandates/<str:mandate_id>/revoke/", api.revoke, name="api-revoke"),
]
