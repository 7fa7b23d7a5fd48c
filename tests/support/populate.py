"""Fill a portal of production settings with people and clients, sign them in, and print what a drill must know as JSON.

    python -m tests.support.populate PEOPLE

Each person is a producer with one client of an HMO whose ID card can be ordered, signed in with a session of its own.
"""

import json
import sys

import django


def main(people: int) -> None:
    django.setup()
    from django.conf import settings
    from django.test import Client

    from tests.support.cards import load_card_data
    from tests.support.factories import PolicyFactory, ProducerFactory, ProducerNumberFactory, UserFactory

    settings.ALLOWED_HOSTS = ["*"]
    load_card_data()
    ProducerNumberFactory.reset_sequence(398_000_000)  # 498000000 on: the demo's people have others
    made = []
    for place in range(people):
        user = UserFactory(
            username=f"drill{place:03}", producer=ProducerFactory(record_email=f"drill{place:03}@people.example")
        )
        number = ProducerNumberFactory(producer=user.producer)
        policy = PolicyFactory(
            producer_number=number, plan_id="00017IL0200002", product_name="Choice Silver PPO 202", network_type="PPO"
        )
        browser = Client(HTTP_HOST="localhost")
        browser.force_login(user)
        made.append(
            {
                "username": user.username,
                "session": browser.cookies[settings.SESSION_COOKIE_NAME].value,
                "account": policy.account.number,
                "member": policy.account.members.get().pk,
                "policy": policy.pk,
                "number": number.number,
            }
        )
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
