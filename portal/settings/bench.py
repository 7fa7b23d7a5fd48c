"""Measuring: as the demo, plus the two baseline pages of portal/bench_urls.py."""

from portal.settings.demo import *

ROOT_URLCONF = "portal.bench_urls"
CLIENT_SEARCHES_PER_MINUTE = EXPORTS_PER_HOUR = 1_000_000  # one person does the work of a whole agency
