"""Pages are compressed on their way out: text takes an eighth of the bytes, which is what a telephone waits for.

Compressed pages can give away a secret to somebody who makes a browser ask for many of them and watches their sizes (BREACH).
Nothing is there to be learnt: every page masks its CSRF token anew, no page holds the session's key, searches come by POST with
that token, requests of other sites' scripts bring no session cookie, and Django adds up to a hundred random bytes to each
compressed page. Files that are compressed already, such as workbooks, PDFs and pictures, are left alone; static files have
compressed copies (WhiteNoise).
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSED = {"text/html", "text/csv"}


class PageCompressionMiddleware(GZipMiddleware):
    """Pages and CSV files for browsers that take gzip; a CSV file goes on being written line by line."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.headers.get("Content-Type", "").partition(";")[0] not in COMPRESSED:
            return response
        return super().process_response(request, response)
