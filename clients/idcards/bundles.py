"""Several cards in one file: a ZIP archive of PDF files, or one PDF file that stays tagged."""

import zipfile
from collections.abc import Sequence
from io import BytesIO
from typing import Any


def zipped(cards: Sequence[tuple[str, bytes]]) -> bytes:
    """An archive of (name, bytes). PDF files are compressed already."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in cards:
            # A fixed moment: the same cards make the same archive.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return target.getvalue()


def merged(pdfs: Sequence[bytes]) -> bytes:
    """One PDF with the pages of all, in their order, title, language and PDF/UA mark those of the first.

    The trees of tags are joined, which a plain merge would throw away: pages say under which number the tree knows
    them, and table cells name their headings by ids, so numbers and ids of each further file are moved out of the way.
    """
    # Loaded here: only workers need it, and only for this.
    import pikepdf
    from pikepdf import Array, Dictionary, Name

    with pikepdf.open(BytesIO(pdfs[0])) as joined:
        tree = joined.Root.StructTreeRoot
        numbers = list(tree.ParentTree.Nums)
        for place, pdf in enumerate(pdfs[1:], start=1):
            with pikepdf.open(BytesIO(pdf)) as further:
                offset = max((int(number) for number in numbers[::2]), default=-1) + 1
                _renumber(further, offset, f"{place}-")
                joined.pages.extend(further.pages)
                copied = joined.copy_foreign(further.make_indirect(further.Root.StructTreeRoot))
                for element in _as_list(copied.K):
                    element.P = tree
                    tree.K = Array([*_as_list(tree.K), element])
                numbers += list(copied.ParentTree.Nums)
        tree.ParentTree = joined.make_indirect(Dictionary(Nums=Array(numbers)))
        tree.ParentTreeNextKey = max((int(number) for number in numbers[::2]), default=-1) + 1
        if Name.IDTree in tree:
            del tree.IDTree
        target = BytesIO()
        joined.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return target.getvalue()


def _renumber(pdf: Any, offset: int, prefix: str) -> None:
    from pikepdf import Array, Name

    tree = pdf.Root.StructTreeRoot
    for page in pdf.pages:
        for owner in (page.obj, *page.obj.get(Name.Annots, [])):
            for name in (Name.StructParents, Name.StructParent):
                if name in owner:
                    owner[name] = int(owner[name]) + offset
    numbers = list(tree.ParentTree.Nums)
    numbers[::2] = [int(number) + offset for number in numbers[::2]]
    tree.ParentTree.Nums = Array(numbers)
    _prefix_ids(tree, prefix)


def _prefix_ids(element: Any, prefix: str) -> None:
    from pikepdf import Array, Dictionary, Name, String

    if Name.ID in element:
        element.ID = String(prefix + str(element.ID))
    attributes = element.get(Name.A)
    for one in _as_list(attributes) if attributes is not None else []:
        if isinstance(one, Dictionary) and Name.Headers in one:
            one.Headers = Array([String(prefix + str(heading)) for heading in one.Headers])
    if Name.K in element:
        for kid in _as_list(element.K):
            if isinstance(kid, Dictionary) and (Name.S in kid or Name.K in kid):
                _prefix_ids(kid, prefix)


def _as_list(value: Any) -> list[Any]:
    from pikepdf import Array

    return list(value) if isinstance(value, Array) else [value]
