import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services.sign_in import may_sign_in
from tests.support.factories import UserFactory


def test_createsuperuser_makes_a_carrier_admin_who_can_sign_in(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "Harbor#Kite58")
    call_command(
        "createsuperuser", interactive=False, username="firstadmin", email="admin@carrier.example", verbosity=0
    )
    user = User.objects.get(username="firstadmin")
    assert (user.role, user.is_staff, user.security_email) == ("CARRIER_ADMIN", True, "admin@carrier.example")
    assert may_sign_in(user)


def test_two_usernames_that_differ_in_case_are_one():
    UserFactory(username="RSolberg7")
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(username="rsolberg7")
    assert User.objects.get_by_natural_key("RSOLBERG7").username == "RSolberg7"
