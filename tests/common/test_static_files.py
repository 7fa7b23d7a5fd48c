"""Style sheets and scripts that import their neighbours go out as one."""

from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage

from portal.common.static_files import WholeStaticFilesStorage, with_imports, with_scripts, without_comments

pytestmark = pytest.mark.no_db


@pytest.fixture
def collect(tmp_path: Path):
    """Collect files as ``collectstatic`` does; what came out, by the name before the hash."""

    def collected(files: dict[str, str]) -> dict[str, str]:
        source, target = FileSystemStorage(tmp_path / "source"), tmp_path / "target"
        storage = WholeStaticFilesStorage(location=str(target), base_url="/static/")
        for name, text in files.items():
            (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "source" / name).write_text(text)
            with source.open(name) as opened:
                storage.save(name, opened)
        for name, _hashed, processed in storage.post_process({name: (source, name) for name in files}):
            assert not isinstance(processed, Exception), name
        return {name: (target / storage.stored_name(name)).read_text() for name in files}

    return collected


SHEET = '/* Ours. */\n@import url("../vendor/base.css");\n\n/* Links. */\na {\n    color: red; /* why */\n}\n'


def test_an_imported_sheet_takes_the_place_of_its_import(collect):
    out = collect({"portal/theme.css": SHEET, "vendor/base.css": "/*! Licence */\nb{color:blue}\n"})
    assert out["portal/theme.css"].split() == ["/*!", "Licence", "*/", "b{color:blue}", "a", "{color:", "red;}"]


def test_a_changed_neighbour_changes_the_name_of_the_sheet(collect):
    assert collect({"portal/theme.css": SHEET, "vendor/base.css": "b{color:blue}\n"})
    out = collect({"portal/theme.css": SHEET, "vendor/base.css": "b{color:green}\n"})
    assert "green" in out["portal/theme.css"]


def test_other_sheets_stay_as_they_are(collect):
    assert collect({"portal/plain.css": "/* Ours. */\na { color: red }\n"}) == {
        "portal/plain.css": "/* Ours. */\na { color: red }\n"
    }


def test_addresses_of_the_sheet_itself_are_hashed_as_before(collect):
    out = collect(
        {
            "portal/theme.css": SHEET + 'i { background: url("mark.svg") }\n',
            "vendor/base.css": 'b{background:url("data:image/svg+xml,%3csvg/%3e")}',
            "portal/mark.svg": "<svg/>",
        }
    )
    assert 'url("mark.' in out["portal/theme.css"]
    assert 'url("mark.svg")' not in out["portal/theme.css"]
    assert 'url("data:image/svg+xml,%3csvg/%3e")' in out["portal/theme.css"]


def test_a_neighbour_with_addresses_of_its_own_is_refused():
    with pytest.raises(ValueError, match="relative to its own folder"):
        with_imports("a/x.css", '@import url("../b/y.css");\n', lambda name: "b{background:url(mark.svg)}")


def test_an_imported_script_takes_the_place_of_its_import_and_keeps_its_names_to_itself(collect):
    frame = '"use strict";\n\nimport "./bell.js";\n\nconst root = 1;\n'
    out = collect({"portal/frame.js": frame, "portal/bell.js": "const root = 2;\n"})
    assert out["portal/frame.js"] == '"use strict";\n\n{\nconst root = 2;\n}\n\nconst root = 1;\n'
    assert out["portal/bell.js"] == "const root = 2;\n"


@pytest.mark.parametrize("line", ["export const one = 1;", 'import { one } from "./other.js";', 'import "./other.js";'])
def test_a_script_that_shares_names_is_refused(line):
    with pytest.raises(ValueError, match="imports or exports"):
        with_scripts("a/x.js", 'import "./y.js";\n', lambda name: f"const two = 2;\n{line}\n")


def test_what_looks_like_a_comment_in_a_string_stays():
    assert without_comments('a::after { content: "/* x */  {"; } /* gone */') == 'a::after {content: "/* x */  {";}\n'
