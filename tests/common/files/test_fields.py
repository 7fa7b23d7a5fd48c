import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict

from portal.common.files.fields import CheckedFileField, SeveralFilesField
from portal.common.files.uploads import SCREENSHOTS
from tests.common.files import corpus

pytestmark = pytest.mark.no_db


class OneForm(forms.Form):
    document = CheckedFileField()
    picture = CheckedFileField(policy=SCREENSHOTS, required=False)


class SeveralForm(forms.Form):
    documents = SeveralFilesField(max_files=3)


def png(name: str = "a.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, corpus.png())


def one(**files) -> OneForm:
    return OneForm({}, MultiValueDict({name: [file] for name, file in files.items()}))


def several(*files) -> SeveralForm:
    return SeveralForm({}, MultiValueDict({"documents": list(files)}))


def test_the_cleaned_value_is_the_checked_file():
    form = one(document=png())
    assert form.is_valid()
    assert form.cleaned_data["document"].content_type == "image/png"
    assert form.cleaned_data["picture"] is None


def test_no_file_is_said_beside_the_field():
    form = one()
    assert form.errors == {"document": ["This field is required."]}


def test_the_reason_of_a_refusal_stands_beside_the_field():
    form = one(document=png(), picture=SimpleUploadedFile("a.pdf", corpus.pdf()))
    assert list(form.errors) == ["picture"]
    assert form.errors.as_data()["picture"][0].code == "type"


def test_an_empty_file_is_refused_in_our_words():
    form = one(document=SimpleUploadedFile("a.pdf", b""))
    assert form.errors["document"] == [
        "This file is empty. Check that it opens on your computer, then choose it again."
    ]


@pytest.mark.feature("DOC_01")
def test_the_browser_is_told_the_types_and_the_person_too():
    form = OneForm()
    assert 'accept=".pdf,.jpg,.jpeg,.png,.gif,.tif,.tiff,.bmp"' in str(form["document"])
    assert form["document"].help_text == "PDF, JPG, JPEG, PNG, GIF, TIF, BMP. At most 10 MB."
    assert "multiple" not in str(form["document"])
    assert " multiple" in str(SeveralForm()["documents"])


def test_several_files_come_as_a_list():
    form = several(png("a.png"), png("b.png"))
    assert form.is_valid()
    assert [checked.name for checked in form.cleaned_data["documents"]] == ["a.png", "b.png"]


def test_each_refused_file_is_named_and_so_are_those_to_choose_again():
    form = several(png("good.png"), SimpleUploadedFile("letter.docx", corpus.office("word")), png("b.jpg"))
    first, second, third = form.errors["documents"]
    assert first.startswith("“letter.docx”: This file is a Word document, which cannot be sent.")
    assert second.startswith("“b.jpg”: This file is a PNG image, but its name ends in .jpg.")
    assert third == "Nothing was sent. Choose “good.png” again too."


def test_more_files_than_allowed_are_refused_without_being_opened():
    form = several(*[png() for _ in range(4)])
    assert form.errors["documents"] == ["You chose 4 files. Choose at most 3 at once and send the others after them."]


def test_none_of_several_is_said_beside_the_field():
    assert several().errors == {"documents": ["This field is required."]}
