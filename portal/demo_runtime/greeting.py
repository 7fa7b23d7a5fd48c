"""What the demo says when it is ready."""

from django.conf import settings

PASSWORD = "Harbor#Kite58"  # noqa: S105 - the demo's public password
ACCOUNTS = (
    ("rsolberg7", "producer with numbers in Illinois, Texas and Montana"),
    ("prairieagency", "agency principal, upline of rsolberg7 and six more producers"),
    ("outsider9", "producer of another agency, sees none of the above"),
    ("dkeller22", "delegate of rsolberg7 (view, service, enroll)"),
    ("mokafor5", "delegate of rsolberg7 and of prairieagency, chooses in the header for whom"),
    ("carrieradmin", "carrier administrator, /admin/"),
    ("servicedesk4", "carrier staff: Service Desk"),
    ("enrollops4", "carrier staff: Enrollment Operations"),
    ("contented4", "carrier staff: Content Editor"),
    ("auditor4", "carrier staff: Auditor"),
)
# Producer number, National Producer Number and ZIP of a producer without a login (portal.demo_data.books).
TO_REGISTER = ("000413406", "20418833", "60615")


def address(host: str, port: int) -> str:
    """The address a person on this machine types."""
    shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104 - a text to show; nothing listens
    return f"http://{shown}:{port}/"


def greeting(host: str, port: int, *, with_accounts: bool) -> str:
    url = address(host, port)
    width = max(len(name) for name, _ in ACCOUNTS)
    lines = ["", f"  {settings.PORTAL_NAME} is ready:  {url}", ""]
    if with_accounts:
        lines += [f"    {name.ljust(width)}   {who}" for name, who in ACCOUNTS]
        number, npn, zip_code = TO_REGISTER
        lines += ["", f"  Password of all accounts:  {PASSWORD}"]
        lines.append(f"  To try registering:  producer number {number}, NPN {npn}, ZIP {zip_code}")
    if settings.DEMO_MAILBOX:
        lines.append(f"  Emails and text messages (codes):  {url}demo/mailbox/")
    if settings.PAYMENT_GATEWAY == "simulated":
        lines.append(f"  Test numbers of the payment portal:  {settings.PAYMENT_SERVICE_URL.rstrip('/')}/test-numbers/")
    lines += ["  Stop with Ctrl-C.", ""]
    return "\n".join(lines)
