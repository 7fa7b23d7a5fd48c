"""Django's admin app with the portal's own site; apart from the site itself because apps load before models."""

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "portal.common.admin_site.PortalAdminSite"
