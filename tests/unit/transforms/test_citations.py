"""Works in, APA labels and notes out."""

import json

import pytest
from builders import a_book

from pipeline.cache import Cache
from pipeline.model import Emphasis, words_of
from pipeline.transforms import citations


def label(**work):
    record = {"id": "Key1", "type": "book", "title": "A title", **work}
    return citations._format((json.dumps(record),))["Key1"]


def test_a_work_is_named_by_its_authors_and_its_year():
    found = a_book().citations
    assert (found["brehm1966"].names, found["brehm1966"].year) == ("Brehm", "1966")
    assert found["aron1992"].names == "Aron et al."


def test_a_note_is_an_entry_in_apa_style_with_its_title_in_italics():
    entry = a_book().citations["brehm1966"].entry
    assert words_of(entry) == "Brehm, J. W. (1966). A theory of psychological reactance. Academic Press."
    assert any(isinstance(node, Emphasis) for node in entry)


def test_notes_stand_in_the_order_of_their_authors():
    assert list(a_book().citations) == ["aron1992", "brehm1966"]


def test_a_key_keeps_its_large_letters():
    assert label(author=[{"family": "Brehm"}], issued=1966).names == "Brehm"


@pytest.mark.parametrize(
    ("issued", "year"),
    [(1966, "1966"), ("1966-05-03", "1966"), ({"year": 1966, "month": 5}, "1966"), ({"date-parts": [[1966]]}, "1966")],
)
def test_a_date_may_be_written_in_every_way_of_csl(issued, year):
    assert label(author=[{"family": "A"}], issued=issued).year == year


@pytest.mark.parametrize(
    "work",
    [
        {"author": [], "issued": ""},
        {"author": [{}], "issued": "in press"},
        {"author": [{"given": "Ann"}], "issued": "1966-99"},
        {"author": [{"literal": "WHO <b> & co"}], "issued": {"date-parts": [[]]}},
        {"script-writer": [{"family": "A"}], "language": 3, "page": 2.5, "volume": " "},
        {"type": "interview", "title": "", "page": " "},
    ],
)
def test_a_work_with_gaps_still_gets_a_label(work):
    label(**work)


def test_a_second_run_comes_from_the_cache(tmp_path, monkeypatch):
    cache = Cache(tmp_path)
    first = citations.cite(a_book(), cache)
    monkeypatch.setattr(citations, "_format", None)
    assert citations.cite(a_book(), cache) == first
