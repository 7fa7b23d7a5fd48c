import io

import pytest

from portal.common.files.encryption import HEADER, PIECE, TAG, DecryptedFile, Tampered, encrypt, new_key

pytestmark = pytest.mark.no_db
KEY = new_key()
CONTEXT = b"this file"


def sealed(data: bytes, *, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    # In uneven pieces: how the bytes arrive must not matter.
    return b"".join(encrypt((data[at : at + 1000] for at in range(0, len(data), 1000)), key=key, context=context))


def opened(data: bytes, *, key: bytes = KEY, context: bytes = CONTEXT) -> io.BufferedReader:
    return io.BufferedReader(DecryptedFile(io.BytesIO(data), key=key, context=context))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7])
def test_what_was_encrypted_is_read_back(size):
    data = bytes(index % 251 for index in range(size))
    with opened(sealed(data)) as source:
        assert source.read() == data
    assert size < 100 or data[:100] not in sealed(data)


def test_any_place_can_be_read_without_the_rest():
    data = bytes(index % 251 for index in range(3 * PIECE + 7))
    with opened(sealed(data)) as source:
        for at in (2 * PIECE - 3, 5, 3 * PIECE + 1, PIECE):
            source.seek(at)
            assert source.read(10) == data[at : at + 10]
        assert source.seek(0, io.SEEK_END) == len(data)
        assert source.read() == b""


DATA = bytes(3 * PIECE)
WHOLE = sealed(DATA)
STEP = PIECE + TAG


@pytest.mark.parametrize(
    "changed",
    [
        WHOLE[:-1],
        WHOLE[:-STEP],
        WHOLE + b"x",
        WHOLE + WHOLE[-STEP:],
        WHOLE[:50] + bytes([WHOLE[50] ^ 1]) + WHOLE[51:],
        WHOLE[:8] + WHOLE[8 + STEP : 8 + 2 * STEP] + WHOLE[8 : 8 + STEP] + WHOLE[8 + 2 * STEP :],
        HEADER,
        b"",
        b"%PDF-1.7" + WHOLE[8:],
    ],
    ids=["cut", "last piece gone", "longer", "piece twice", "bit", "swapped", "header only", "empty", "other header"],
)
def test_no_change_goes_unnoticed(changed):
    with pytest.raises(Tampered):
        opened(changed).read()


def test_another_key_or_another_file_does_not_open_it():
    with pytest.raises(Tampered):
        opened(WHOLE, key=new_key())
    with pytest.raises(Tampered):
        opened(WHOLE, context=b"other file")
