"""What the rules on prose find, and above all what they leave alone."""

import socket
import time
from functools import lru_cache

import pytest
from builders import BOOK_YAML, FIRST_LINE, METADATA, a_book, a_project

from pipeline.cache import Cache
from pipeline.checks import Context, rules
from pipeline.checks._prose import OBJECT, prose_of
from pipeline.checks._spellings import spellings
from pipeline.reader import read
from pipeline.transforms import complete

BRITISH = BOOK_YAML.replace("en-US", "en-GB")
GERMAN = BOOK_YAML.replace("en-US", "de")
WORK = "- {id: brehm1966, type: book, author: [{family: Brehm}], issued: 1966, title: A Theory}\n"
PROSE_RULES = (
    *("claim-without-citation", "cliche", "doubled-word", "long-sentence", "mixed-spelling", "reading-grade"),
    *("serial-comma", "spelling", "straight-quotes"),
)


def book_of(folder, text, **files):
    files = {"book.yaml": BOOK_YAML, **files, "chapters/01-first.md": METADATA + text + "\n"}
    book, _ = read(a_project(folder, **files))
    return complete(book, Cache(folder, enabled=False))


@pytest.fixture
def find(tmp_path):
    """Return what one rule finds in a chapter with a text."""

    def findings(code, text, **files):
        return list(rules()[code](book_of(tmp_path, text, **files), Context(())))

    return findings


@pytest.fixture
def quoted(find):
    """Return what the findings of one rule put in quotation marks first."""
    return lambda code, text, **files: [
        finding.message.split("“")[1].split("”")[0] for finding in find(code, text, **files)
    ]


# --------------------------------------------------------------------------- passages


def test_the_passages_of_a_file_are_what_its_readers_see_and_no_more(tmp_path):
    text = "Text with `code` {cite}`brehm1966`, by {cite:t}`brehm1966`.[^a]\n\n[^a]: A note."
    (file,) = [
        file
        for file in prose_of(book_of(tmp_path, text, **{"references.yaml": WORK}))
        if file.location.path == "content/chapters/01-first.md"
    ]
    assert [passage.text for passage in file.passages] == [
        *("First", "What the first chapter promises.", "One thing to carry away."),
        f"Text with {OBJECT}, by {OBJECT}.",
        "A note.",
    ]


def test_prompts_tables_captions_and_mails_are_passages_too():
    texts = [passage.text for file in prose_of(a_book()) for passage in file.passages]
    for shown in ("Two circles that overlap by a third.", "Center", "Take twenty minutes.", "Three letters"):
        assert any(shown in text for text in texts), shown


def test_addresses_are_no_words(tmp_path):
    book = book_of(tmp_path, "Write to annb@exmpl.com, see https://exmpl.org/pgae, www.exmpl.org or exmpl.net.")
    assert not {"exmpl", "annb", "pgae", "org"} & {word for file in prose_of(book) for word in file.words}


def test_a_finding_in_a_long_paragraph_has_the_line_of_the_last_mark_before_it(find):
    (finding,) = find("doubled-word", "A line.\nWith {index}`a word` in\nit and the the end.")
    assert finding.location.line == FIRST_LINE + 1


@pytest.mark.parametrize("rule", PROSE_RULES)
def test_every_rule_on_prose_only_warns(find, rule):
    assert all(finding.severity == "warning" for finding in find(rule, "The the somethng - colour studies show."))


@pytest.mark.parametrize("rule", PROSE_RULES)
def test_every_rule_on_prose_leaves_right_text_alone(find, rule):
    text = (
        "We sat in the kitchen, and she said, \"I don't mind.\" It's a gray evening; the neighbor's color TV is on.\n\n"
        "She had had enough of 3-4 things -- I mean of *rest*, *food*, and *sleep* -- in the 1990s.\n\n"
        "{cite:t}`brehm1966` found this. Studies show it {cite}`brehm1966`."
    )
    assert find(rule, text, **{"references.yaml": WORK}) == []


# --------------------------------------------------------------------------- doubled-word


@pytest.mark.parametrize("text", ["It is the the end.", "The the end.", "It is the *the* end.", "Go to\nto bed."])
def test_a_word_twice_in_a_row_is_found(find, text):
    assert len(find("doubled-word", text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "She had had enough.",
        "I know that that is so.",
        "I told you you could.",
        "In Walla Walla.",
        "Well, well. Yes, yes.",
        "Side by side-by-side.",
        "He is. Is he?",
        "Is it its own?",
        "That that's so.",
    ],
)
def test_a_word_that_may_follow_itself_is_left_alone(find, text):
    assert find("doubled-word", text) == []


def test_other_languages_have_other_words_that_may_follow_themselves(find):
    assert find("doubled-word", "Die, die die Tür sahen.", **{"book.yaml": GERMAN}) == []


# --------------------------------------------------------------------------- long-sentence


@pytest.mark.parametrize(("count", "found"), [(45, 0), (46, 1)])
def test_a_sentence_may_have_45_words(find, count, found):
    assert len(find("long-sentence", "Short. Then " + "word " * (count - 2) + "word. Short.")) == found


def test_a_list_is_no_sentence(find):
    assert find("long-sentence", "\n".join(["- " + "word " * 20] * 5)) == []


# --------------------------------------------------------------------------- cliche


def test_a_cliche_is_found_in_any_case_and_says_what_to_write(find):
    (finding,) = find("cliche", "Due to the fact that it rained, we stayed.")
    assert "due to the fact that" in finding.message
    assert finding.hint == "Write “because”."


def test_an_apostrophe_may_be_either(quoted):
    assert quoted("cliche", "It's important to rest.") == ["it's important to"]


@pytest.mark.parametrize(
    "text",
    [
        'He says "at the end of the day" too often.',
        "Unit is important to them.",
        "A day at the end of the daylight.",
        "We waited in order to see.",
    ],
)
def test_a_phrase_that_is_named_or_is_part_of_another_is_left_alone(find, text):
    assert find("cliche", text) == []


def test_a_project_adds_phrases_and_takes_some_off(quoted):
    own = "# remark\n\nCircle  back = ask\n- at the end of the day\n"
    text = "At the end of the day, we circle back."
    assert quoted("cliche", text, **{"cliches.txt": own}) == ["circle back"]


def test_the_shipped_list_is_for_english_and_a_projects_own_for_any_language(quoted):
    text = "At the end of the day. Am Ende des Tages."
    files = {"book.yaml": GERMAN, "cliches.txt": "am Ende des Tages\n"}
    assert quoted("cliche", text, **files) == ["am ende des tages"]


def test_the_shipped_list_has_no_phrase_twice_and_is_in_small_letters():
    from pipeline.checks.cliche import _phrases, _shipped

    assert len(_phrases(_shipped())) == len(_shipped()) >= 120
    assert all(line == line.lower() for line in _shipped())


# --------------------------------------------------------------------------- reading-grade

HARD = "Institutional considerations necessitate comprehensive organizational deliberation regarding responsibilities. "
EASY = "The cat sat on the mat. "


@pytest.mark.parametrize(("text", "hint"), [(HARD * 20, "Shorten"), (EASY * 30, "Join")])
def test_a_chapter_that_is_too_hard_or_too_easy_is_found(find, text, hint):
    (finding,) = find("reading-grade", text)
    assert finding.hint.startswith(hint)


def test_the_bounds_are_those_of_book_yaml(find):
    bounds = BOOK_YAML + "bounds:\n  reading_grade: [1, 2]\n"
    text = "She walked slowly to the river after supper and counted the boats. " * 15
    assert find("reading-grade", text) == []
    assert "it should be 1 to 2" in find("reading-grade", text, **{"book.yaml": bounds})[0].message


def test_a_short_text_and_its_prompts_have_no_grade(find):
    prompt = "\n\n:::{reflect} What now?\n:kind: lines\n:name: now\n" + HARD * 20 + "\n:::"
    assert find("reading-grade", HARD * 5 + prompt) == []


def test_the_grade_is_that_of_the_formula():
    from pipeline.prose import Measure

    assert Measure(sentences=1, words=10, syllables=15).grade == pytest.approx(0.39 * 10 + 11.8 * 1.5 - 15.59)


# --------------------------------------------------------------------------- spelling


def test_a_word_that_is_none_is_found_once_a_file_with_what_may_be_meant(find):
    (finding,) = find("spelling", "Fine.\n\nA relatioship. Relatioship's end: a relatioship.")
    assert finding.location.line == FIRST_LINE + 2
    assert "Did you mean “relationship”?" in finding.hint


@pytest.mark.parametrize("word", ["recieve", "seperate", "definately", "teh", "untill", "occured", "wierd", "alot"])
def test_common_slips_are_found(quoted, word):
    assert quoted("spelling", f"It is {word}.") == [word]


@pytest.mark.parametrize(
    "text",
    [
        "She'd've known; they'll say we've a dog's life, and it isn't the others' fault.",
        "The 2nd of 1990s, B12, 10am, NASA and a U-turn at example.com.",
        "Re-read, co-author, non-issue, mid-week, self-expansion.",
        "Color, colour, travelled and traveled, organise and organize.",
        "A smartphone's emoji; podcasts in the inbox.",
        "A 龍, and the word Жук.",
        "`notaword` and [a link](https://exmpl.com/notaword)",
    ],
)
def test_what_the_dictionary_need_not_have_is_left_alone(find, text):
    assert find("spelling", text) == []


def test_words_of_the_projects_own_and_names_of_cited_authors_are_known(quoted):
    files = {"words.txt": "# names\nBrightwater\nenmeshment\n", "references.yaml": WORK}
    text = "Brightwater's Enmeshment, the Brehms and Brehm's book {cite}`brehm1966`; brightwater."
    assert quoted("spelling", text, **files) == ["brightwater"]


def test_a_language_without_a_dictionary_is_not_looked_at(find):
    assert find("spelling", "Ein Wörterbuhc.", **{"book.yaml": GERMAN}) == []


def test_spelling_and_grades_are_kept_in_the_cache_and_ask_no_network(tmp_path, monkeypatch):
    from pipeline.checks import reading_grade, spelling

    monkeypatch.setattr(socket, "socket", None)
    book = book_of(tmp_path, "A relatioship. " + HARD * 20)
    context = Context((), cache=Cache(tmp_path / "cache"))
    first = [list(rule.check(book, context)) for rule in (spelling, reading_grade)]
    monkeypatch.setattr(spelling, "_checker", lru_cache(pytest.fail))
    monkeypatch.setattr(spelling, "_dictionary", None)
    monkeypatch.setattr(reading_grade, "measure", None)
    assert [list(rule.check(book, context)) for rule in (spelling, reading_grade)] == first
    assert all(first)


def test_words_txt_that_is_not_utf_8_is_reported_and_not_guessed_at(tmp_path):
    from builders import findings_of

    (finding,) = findings_of(a_project(tmp_path, **{"words.txt": b"caf\xe9\n"}))
    assert (str(finding.location), finding.code) == ("content/words.txt:1", "not-utf-8")


# --------------------------------------------------------------------------- mixed-spelling


def test_an_american_book_has_american_spellings(quoted):
    text = "The grey colour was organised, and they travelled, practised and learnt."
    found = ["colour", "grey", "learnt", "organised", "practised", "travelled"]
    assert sorted(quoted("mixed-spelling", text)) == found


def test_a_british_book_has_british_spellings_and_may_write_ize(quoted):
    text = "The gray color was organized; they realized it, and checked the program for practice in a meter."
    assert sorted(quoted("mixed-spelling", text, **{"book.yaml": BRITISH})) == ["color", "gray"]


def test_a_british_book_may_not_write_both_ise_and_ize(quoted):
    text = "They organised it, realised it and recognized it."
    assert quoted("mixed-spelling", text, **{"book.yaml": BRITISH}) == ["recognized"]


def test_a_book_in_english_of_no_country_has_the_side_of_most_of_its_words(quoted):
    plain = BOOK_YAML.replace("en-US", "en")
    assert quoted("mixed-spelling", "The grey colour of favour, and a neighbor.", **{"book.yaml": plain}) == [
        "neighbor"
    ]


@pytest.mark.parametrize("text", ["The British Labour Party.", "He analyses it.", "A humorous, glamorous surprise."])
def test_names_and_what_both_sides_write_are_left_alone(find, text):
    assert find("mixed-spelling", text) == []


def test_canadian_books_and_words_of_their_own_are_left_alone(find):
    assert find("mixed-spelling", "The color and colour.", **{"book.yaml": BOOK_YAML.replace("en-US", "en-CA")}) == []
    assert find("mixed-spelling", "The grey.", **{"words.txt": "grey\n"}) == []


def test_no_spelling_belongs_to_both_sides():
    assert all(pair.american != pair.british for _, pair in spellings().values())
    assert not {pair.american for _, pair in spellings().values()} & {pair.british for _, pair in spellings().values()}


# --------------------------------------------------------------------------- straight-quotes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('She said "yes.', "no partner"),
        ("We left - at last.", "stands for a dash"),
        ("We left  -- at last.", "more than one space"),
        ("We left --  at last.", "more than one space"),
        ("In the ‘90s.", "apostrophe that points the wrong way"),
        ("Rock 'n' roll.", "apostrophe that points the wrong way"),
        ("She said “ yes.”", "mark that points the wrong way"),
    ],
)
def test_marks_that_typography_could_not_put_right_are_found(find, text, message):
    (finding,) = find("straight-quotes", text)
    assert message in finding.message


@pytest.mark.parametrize(
    "text",
    [
        '"Yes," she said, "it\'s \'fine\' --- isn\'t it?" --- "No."',
        '5 - 3 is 2, pages 1--10, a board of 6".',
        "The ’90s, and ’tis the neighbors' dog.",
        '"*Emphasis*," `"code"`, and ("in brackets").',
        "“A paragraph that goes on\n\n“in the next.”",
    ],
)
def test_marks_that_are_right_are_left_alone(find, text):
    assert find("straight-quotes", text) == []


def test_the_rarer_of_two_kinds_of_dash_is_found(find):
    (finding,) = find("straight-quotes", "A --- b --- c. A --- b. And one -- so.\n\nFrom 1--2.")
    assert "an en dash in the sentence" in finding.message
    assert finding.hint == "Write ---."


# --------------------------------------------------------------------------- claim-without-citation


@pytest.mark.parametrize(
    "text",
    [
        "Studies show that it helps.",
        "Many studies of couples have found the same.",
        "Research has long suggested it.",
        "Psychologists have found a name for it.",
        "The evidence points toward rest.",
        "According to experts, it helps.",
        "It has been shown that it helps.",
        "It is scientifically proven.",
        "- Experiments show it.",
        "> Researchers agree.",
    ],
)
def test_a_claim_that_cites_nothing_is_found(find, text):
    assert len(find("claim-without-citation", text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Studies show it {cite}`brehm1966`.",
        "{cite:t}`brehm1966` and others: research suggests it.",
        "Studies show it.[^a]\n\n[^a]: By {cite}`brehm1966`.",
        ":::{research}\nStudies show it.\n\nThe work is old {cite}`brehm1966`.\n:::",
        "She studies at home. The study has a desk that shows its age.",
        "I have no evidence for it. Research it yourself.",
        "The evidence of a shared life is in the sink.",
        ":::{reflect} What have researchers found in your kitchen?\n:kind: lines\n:name: found\n:::\n\nText.",
    ],
)
def test_a_claim_with_its_citation_and_what_is_no_claim_are_left_alone(find, text):
    assert find("claim-without-citation", text, **{"references.yaml": WORK}) == []


def test_a_citation_in_the_paragraph_before_is_not_enough(find):
    text = "An old study {cite}`brehm1966`.\n\nResearch shows more."
    assert len(find("claim-without-citation", text, **{"references.yaml": WORK})) == 1


# --------------------------------------------------------------------------- serial-comma


def test_the_rarer_way_to_write_a_list_is_found(quoted):
    text = "The coat, the walk, and the bag. Rest, food, movement, and friends.\n\nA pen, a cup and a map."
    assert quoted("serial-comma", text) == ["A pen, a cup and a map"]
    text = "The coat, the walk and the bag. Rest, food, movement and friends.\n\nA pen, a cup, or a map."
    assert quoted("serial-comma", text) == ["A pen, a cup, or a map"]


def test_where_both_are_as_many_the_comma_stays(quoted):
    assert quoted("serial-comma", "A pen, a cup, and a map. The coat, the walk and the bag.") == [
        "The coat, the walk and the bag"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "In the morning, the tea and the toast are cold.",
        "On Monday, you and I go.",
        "When you leave the house, the cat and the dog wait.",
        "He left, tired and cold.",
        "After work, rest and food.",
        "She came, and she went, and the door and the gate shut.",
    ],
)
def test_a_comma_that_may_be_no_lists_is_left_alone(find, text):
    assert find("serial-comma", "A pen, a cup, and a map.\n\n" + text) == []


# --------------------------------------------------------------------------- all together


def test_the_rules_on_prose_are_quick_once_warm(tmp_path):
    paragraph = 'She said that studies are, on the whole, "fine" -- for the most part -- and left by the side door. '
    book = book_of(tmp_path, "\n\n".join([paragraph * 5] * 400))
    context = Context((), cache=Cache(tmp_path / "cache"))
    for _ in range(2):
        start = time.perf_counter()
        for rule in PROSE_RULES:
            list(rules()[rule](book, context))
        took = time.perf_counter() - start
    assert took < 1
