"""Secrets of a checkout: made once, kept, and added to when a release needs one more."""

import json

import pytest

from portal.settings.secrets import NAMES, local_secrets  # noqa: TID251 - not a setting

pytestmark = pytest.mark.no_db


def test_they_are_made_once_for_the_owner_only(tmp_path):
    made = local_secrets(tmp_path / "new")
    assert made.keys() == NAMES
    assert local_secrets(tmp_path / "new") == made
    assert (tmp_path / "new" / "secrets.json").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secrets.json"]


def test_an_older_checkout_keeps_its_own_and_gets_the_missing_one(tmp_path):
    older = {name: f"old {name}" for name in NAMES - {"PAYMENT_SERVICE_SECRET"}}
    (tmp_path / "secrets.json").write_text(json.dumps(older))
    now = local_secrets(tmp_path)
    assert now.keys() == NAMES
    assert {name: now[name] for name in older} == older
    assert local_secrets(tmp_path) == now
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0
