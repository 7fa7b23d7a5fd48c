"""What this app puts into the kernel's registries."""

from typing import Any

from django.http import HttpRequest

from portal.common import activity, came_from, home, navigation
from portal.common.access import Perm
from portal.common.activity import exported
from portal.common.came_from import ResultList
from portal.common.dates import today_in
from portal.common.home import Panel
from portal.common.navigation import Entry
from portal.common.notifications import kinds
from portal.common.notifications.kinds import Kind
from portal.common.notifications.models import NotificationPreference
from reporting import dashboard, selectors
from reporting.services import runs  # its outbox handler


def _commissions(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    return {"statements": selectors.newest_statements(user, most=3)}


home.register(
    Panel(
        name="commissions",
        template="reporting/_home_commissions.html",
        perm=Perm.COMMISSIONS_VIEW,
        order=25,
        context=_commissions,
    )
)


def _figures(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    return dashboard.panel(user, today=today_in())


home.register(
    Panel(name="figures", template="reporting/_home_panel.html", perm=Perm.REPORT_RUN, order=15, context=_figures)
)

navigation.register(
    Entry(
        label="Reporting",
        url_name="reporting:index",
        perm=Perm.REPORT_RUN,
        order=40,
        icon="bar-chart-line",
        prefix="/reports/",
    ),
    Entry(label="Create Report", url_name="reporting:new", perm=Perm.REPORT_RUN, order=10, under="Reporting"),
    Entry(
        label="View My Custom Reports", url_name="reporting:saved", perm=Perm.REPORT_RUN, order=20, under="Reporting"
    ),
    Entry(
        label="Save-the-Policy Desk",
        url_name="reporting:desk",
        perm=Perm.REPORT_RUN,
        order=5,
        under="Reporting",
        prefix="/reports/desk/",
    ),
    Entry(
        label="Commissions",
        url_name="reporting:commissions",
        perm=Perm.COMMISSIONS_VIEW,
        order=30,
        under="Reporting",
        prefix="/reports/commissions/",
    ),
    # Producers used to the older tabs look for reports among the clients (HOM_03).
    Entry(label="Create Report", url_name="reporting:new", perm=Perm.REPORT_RUN, order=90, under="Clients"),
    Entry(label="View My Custom Reports", url_name="reporting:saved", perm=Perm.REPORT_RUN, order=91, under="Clients"),
)
came_from.register(ResultList(name="report", url_name="reporting:new", label="Back to Report"))
activity.register(
    {
        "report.run": "Ran a report",
        "report.exported": lambda details: exported("a report", details),
        "report.requested": "Asked for a report to be made",
        "report.made": "Got a report",
        "report.downloaded": lambda details: exported("a report", details),
        "report.cancelled": "Stopped the making of a report",
        "report.retried": "Tried once more to get a report",
        "report.saved": "Saved a custom report",
        "report.changed": "Changed a custom report",
        "report.deleted": "Deleted a custom report",
        "report.restored": "Brought a custom report back",
        "commissions.viewed": "Opened a commission statement",
        "commissions.exported": lambda details: exported("commissions", details),
        "commissions.imported": "Imported commission statements",
        "desk.opened": "Opened a row of the Save-the-Policy Desk",
        "desk.logged": "Wrote down what was done about a row of the Save-the-Policy Desk",
        "desk.printed": "Printed a call sheet",
    }
)
kinds.register(
    Kind(
        code=runs.SCHEDULED_NOTICE,
        label="A scheduled report is ready",
        group="Reports",
        description="A custom report has run by itself, or could not be run. The email holds a link and no client's data.",
        default_email=NotificationPreference.Email.AT_ONCE,
        perm=Perm.REPORT_RUN,
    ),
    Kind(
        code=runs.FILE_NOTICE,
        label="A report you asked for is ready",
        group="Reports",
        description="The file of a big report was made in the background, or could not be made.",
        default_email=NotificationPreference.Email.OFF,
        perm=Perm.REPORT_RUN,
    ),
)
