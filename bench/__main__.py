"""`make bench`: figures as ratios to a baseline measured in the same run. Nothing here passes or fails."""

import argparse
import os

# What `make bench` measures; "reports" are some of the pages, "memory" and "day" take long and run only by themselves.
PARTS = (
    "pricing",
    "pages",
    "reports",
    "journeys",
    "plans",
    "applications",
    "search",
    "growth",
    "exports",
    "cards",
    "import",
    "memory",
    "day",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=")
    parser.add_argument("--users", default="", help="Whose books to measure, with commas; the loaded ones by default.")
    parser.add_argument("--only", choices=PARTS, help="One part.")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.bench")

    import django

    django.setup()

    from bench import (
        applications,
        cards,
        exports,
        journeys,
        member_import,
        memory,
        pages,
        pricing,
        search,
        view_plans,
        working_day,
    )
    from portal.embedded.commands import database_for

    if options.only == "day":
        working_day.measure()
        return
    with database_for(["manage.py", "bench"]):
        if options.only in (None, "pricing"):
            pricing.measure()
        if options.only in (None, "import"):
            member_import.measure()
        if options.only in ("pricing", "import"):
            return
        users = [name for name in options.users.split(",") if name] or pages.loaded_users()
        if options.only in (None, "pages"):
            pages.measure(users)
        if options.only == "memory":
            memory.measure(users[0])
        if options.only == "reports":
            pages.measure(users, only_reports=True)
        if options.only in (None, "journeys"):
            journeys.measure(users[0])
        if options.only in (None, "plans"):
            view_plans.measure(users[0])
        if options.only in (None, "applications"):
            applications.measure(users[0])
        if options.only in (None, "search"):
            search.measure(users)
        if options.only in (None, "growth"):
            search.measure_growth("bench3k" if "bench3k" in users else users[0])
        if options.only in (None, "exports"):
            exports.measure_report("bench3k" if "bench3k" in users else users[0])
    if options.only in (None, "exports"):
        exports.measure()
    if options.only in (None, "cards"):
        cards.measure()


if __name__ == "__main__":  # not in the processes that the card bench starts
    main()
