"""What this app puts into the kernel's registries."""

from portal.common import activity, came_from, navigation
from portal.common.access import Perm
from portal.common.activity import exported
from portal.common.came_from import ResultList
from portal.common.navigation import Entry

navigation.register(
    Entry(
        label="Reporting",
        url_name="reporting:new",
        perm=Perm.REPORT_RUN,
        order=40,
        icon="bar-chart-line",
        prefix="/reports/",
    ),
    # Producers used to the older tabs look for reports among the clients (HOM_03).
    Entry(label="Create Report", url_name="reporting:new", perm=Perm.REPORT_RUN, order=90, under="Clients"),
)
came_from.register(ResultList(name="report", url_name="reporting:new", label="Back to Report"))
activity.register(
    {
        "report.run": "Ran a report",
        "report.exported": lambda details: exported("a report", details),
    }
)
