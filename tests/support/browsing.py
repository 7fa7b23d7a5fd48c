"""Journeys in a browser, once more in one that runs no scripts."""

import pytest

# That pages need no scripts is held by the tests of the views, whose client runs none, and by the journeys that exist
# without scripts only. The same journey twice is for the drill.
with_and_without_scripts = pytest.mark.parametrize(
    "scripts",
    [pytest.param(True, id="with scripts"), pytest.param(False, id="without scripts", marks=pytest.mark.drill)],
)
