"""The Terms of Use for everybody to read, whether or not one is about to register (REG_02, ISS_07)."""

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from accounts.models import TermsVersion
from portal.common.access import public
from portal.common.content.views.legal import wording_page


@public
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """The Terms of Use in force, or the version in ``?version=``."""
    return wording_page(request, TermsVersion, to_html=_paragraphs)


def _paragraphs(wording: TermsVersion) -> SafeString:
    return format_html_join("\n", "<p>{}</p>", ((paragraph,) for paragraph in wording.paragraphs))
