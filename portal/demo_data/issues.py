"""What people reported before the demo begins: answered, being looked into, and new."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts.models import DelegateGrant, User
from ecomm.models import IssueReport
from ecomm.services.issues import SEQUENCE
from portal.common.numbers import next_number

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
Status, Product = IssueReport.Status, IssueReport.Product

# username, days ago, hour, product, state, page, description, steps, status, answer
REPORTS = (
    (
        "rsolberg7",
        13,
        10,
        Product.ACA_MEDICAL,
        "IL",
        "/reports/new/",
        "The Excel file of the Grace Period report could not be opened. The message was: The file format is not valid.",
        "Chose Grace Period, ran the report, pressed Export to Excel, opened the file in an old spreadsheet program.",
        Status.CLOSED,
        "That program opens files made before 2007 only. Please choose CSV instead of Excel, which every program opens.",
    ),
    (
        "rsolberg7",
        2,
        15,
        Product.ACA_DENTAL,
        "TX",
        "/clients/",
        "A client with a dental policy is not found by the last four digits of the SSN, but by the account number.",
        "Home, Client Search, Last 4 of SSN#, Submit. Then the same with Account#.",
        Status.IN_PROGRESS,
        "",
    ),
    (
        "dkeller22",
        1,
        9,
        Product.ACA_MEDICAL,
        "IL",
        "/clients/",
        "The list of search results printed on four pages has its heading on the first page only.",
        "Searched, chose Print, four pages.",
        Status.NEW,
        "",
    ),
    (
        "outsider9",
        1,
        11,
        Product.MAPD,
        "NM",
        "/accounts/hierarchy/",
        "My Hierarchy shows a producer below me who left the agency last month.",
        "Opened My Hierarchy and all levels.",
        Status.NEW,
        "",
    ),
)


def add_issue_reports(people: Mapping[str, User], *, answered_by: User, now: datetime) -> None:
    """Add the reports of the demo. Nobody is told of them by email or notification: they are older than the portal."""
    for username, days, hour, product, us_state, page, description, steps, status, answer in REPORTS:
        person, at = people[username], now - timedelta(days=days) + timedelta(hours=hour)
        # Not the grants in force: those depend on the day, and a load may be for any day.
        producer = person.producer or DelegateGrant.objects.filter(delegate=person).earliest("pk").producer
        closed_at = at + timedelta(days=1, hours=4) if status == Status.CLOSED else None
        IssueReport.objects.create(
            number=next_number(SEQUENCE),
            reported_by=person,
            email=person.email,
            description=description,
            steps=steps,
            agent=producer.name,
            product=product,
            us_state=us_state,
            happened_at=at - timedelta(minutes=20),
            page=page,
            browser=BROWSER,
            reported_at=at,
            form_key=f"demo:{username}:{days}",
            status=status,
            answer=answer,
            closed_at=closed_at,
            closed_by=answered_by if closed_at else None,
        )
