"""Pages and CSV files go out compressed to those who take it; nothing else does."""

import gzip

import pytest
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from portal.common.compression import PageCompressionMiddleware

PAGE = b"<p>Prairie Summit</p>" * 200


def answered(response, **headers):
    return PageCompressionMiddleware(lambda _request: response)(RequestFactory().get("/", headers=headers))


def test_a_page_of_the_portal_comes_compressed_and_says_so(client):
    answer = client.get("/accounts/login/", headers={"accept-encoding": "gzip, deflate, br"})
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert b"</html>" in gzip.decompress(answer.content)
    assert "no-store" in answer["Cache-Control"]
    plain = client.get("/accounts/login/")
    assert "Content-Encoding" not in plain
    assert len(answer.content) < len(plain.content) / 2


@pytest.mark.no_db
def test_the_size_of_one_page_differs_by_random_bytes():
    assert len({len(answered(HttpResponse(PAGE), **{"accept-encoding": "gzip"}).content) for _turn in range(30)}) > 5


@pytest.mark.no_db
@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "application/zip", "application/json"])
def test_other_kinds_of_answers_are_left_alone(kind):
    answer = answered(HttpResponse(PAGE, content_type=kind), **{"accept-encoding": "gzip"})
    assert "Content-Encoding" not in answer
    assert answer.content == PAGE


def test_a_workbook_keeps_its_length_and_a_csv_file_is_compressed_as_it_is_written(tmp_path):
    path = tmp_path / "report.xlsx"
    path.write_bytes(PAGE)
    book = answered(FileResponse(path.open("rb")), **{"accept-encoding": "gzip"})
    assert "Content-Encoding" not in book
    assert book["Content-Length"] == str(len(PAGE))
    book.close()
    lines = StreamingHttpResponse(iter(["a,b\n"] * 500), content_type="text/csv; charset=utf-8")
    answer = answered(lines, **{"accept-encoding": "gzip"})
    assert gzip.decompress(b"".join(answer.streaming_content)) == b"a,b\n" * 500
