"""What this app puts into the kernel's registries."""

from ecomm import (  # noqa: F401
    document_registrations,
    issue_registrations,
    question_registrations,
)
from portal.common.access import Perm
from portal.common.content import help_links
from portal.common.content.help_links import HelpLink

help_links.register(
    HelpLink(
        label="Report an Issue",
        text="Something in the portal does not work",
        url_name="ecomm:report-issue",
        perm=Perm.SIGNED_IN,
        order=10,
    ),
    HelpLink(
        label="Ask an E-Question",
        text="A question about a client or a policy",
        url_name="ecomm:question-ask",
        perm=Perm.CARRIER_CONTACT,
        order=20,
    ),
)
