"""Measuring: as the demo, plus the two baseline pages of portal/bench_urls.py."""

from portal.settings.demo import *

ROOT_URLCONF = "portal.bench_urls"
