"""Print the hashes of many pages of a portal as JSON, for comparing a portal with its restored backup.

    python -m tests.support.page_sums

Clients, applications, quotes and lists of the demo's producer, without what differs from one answer to the next. My Information
is left out: it lists open sessions, which a restore ends.
"""

import hashlib
import json
import re
import sys

import django

CHANGES = re.compile(
    r'csrfmiddlewaretoken"[^>]*|"X-CSRFToken": "\w+"|name="form_key"[^>]*|nonce="[^"]*"|data-(?:csrf|seconds-left)="[^"]*"'
    r"|\d{1,2}:\d\d [ap]\.?m\.?",
    re.IGNORECASE,
)
PER_KIND = 60


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    from accounts.models import User
    from clients.models import Account
    from enrollment.models import Application, Quote

    settings.ALLOWED_HOSTS = ["*"]
    person = User.objects.get(username="rsolberg7")
    browser = Client(HTTP_HOST="localhost")
    browser.force_login(person)
    accounts = Account.objects.for_user(person).exclude(number=None).order_by("id").values_list("number", flat=True)
    applications = Application.objects.for_user(person).order_by("id").values_list("record_number", flat=True)
    quotes = Quote.objects.for_user(person).order_by("id").values_list("id", flat=True)
    lists = ["clients:prospects", "enrollment:quotes", "enrollment:applications", "reporting:index", "reporting:desk"]
    paths = [reverse(name) for name in ["home", *lists]]
    paths += [reverse("clients:detail", args=[number]) for number in accounts[:PER_KIND]]
    paths += [reverse("enrollment:application", args=[number]) for number in applications[:PER_KIND]]
    paths += [reverse("enrollment:quote-plans", args=[number]) for number in quotes[:PER_KIND]]
    sums = {}
    for path in paths:
        answer = browser.get(path, follow=True)
        sums[path] = (
            f"{answer.status_code} {hashlib.sha256(CHANGES.sub('', answer.content.decode()).encode()).hexdigest()}"
        )
    json.dump(sums, sys.stdout)


if __name__ == "__main__":
    main()
