"""Every address of the portal (DESIGN contracts); each app keeps its own list."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from accounts.views import legal, typing_pattern
from portal.common.views import health
from portal.home import home

handler400 = "portal.common.views.errors.bad_request"
handler403 = "portal.common.views.errors.forbidden"
handler404 = "portal.common.views.errors.not_found"
handler500 = "portal.common.views.errors.server_error"

urlpatterns = [
    path("", home, name="home"),
    path("accounts/", include("accounts.urls")),
    path("clients/", include("clients.urls")),
    path("enroll/", include("enrollment.urls")),
    path("reports/", include("reporting.urls")),
    path("messages/notifications/", include("portal.common.notifications.urls")),
    path("messages/", include("ecomm.urls")),
    path("", include("portal.common.content.urls")),
    path("legal/terms/", legal.terms, name="legal-terms"),
    path("legal/typing-pattern/", typing_pattern.notice, name="legal-typing-pattern"),
    path("admin/", admin.site.urls),
    path("health/", health.health, name="health"),
    path("health/live/", health.live, name="health-live"),
    path("health/ready/", health.ready, name="health-ready"),
    path("metrics", health.metrics, name="metrics"),
]

if settings.DEMO_MAILBOX:
    from portal.common.views.mailbox import mailbox

    urlpatterns.append(path("demo/mailbox/", mailbox, name="demo-mailbox"))
