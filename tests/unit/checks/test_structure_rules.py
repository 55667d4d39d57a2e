"""The rules on lengths, counts and repetitions: what they find, and that they keep silent on what is right."""

from pathlib import Path

import pytest
from builders import BOOK_YAML, METADATA, a_project

from pipeline.cache import Cache
from pipeline.checks import Context, rules
from pipeline.model import Book
from pipeline.project import Project
from pipeline.reader import read
from pipeline.transforms import complete

FORMATS = ("cover", "epub", "newsletter", "workbook", "worksheets")
NEWSLETTER = "newsletter:\n  id: n\n  title: N\n  issues: [01-one]\n"
ISSUE = "---\nsubject: {subject}\npreheader: {preheader}\nchapter: 01-first\n---\nText.\n"


def book_of(folder: Path, **files: str) -> Book:
    book, _ = read(a_project(folder, **{"chapters/01-first.md": METADATA + "Text.\n", **files}))
    return complete(book, Cache(folder, enabled=False))


def found(rule: str, book: Book) -> list[str]:
    return [finding.message for finding in rules()[rule](book, Context(FORMATS))]


def with_bounds(*lines: str, more: str = "") -> str:
    return BOOK_YAML + more + "bounds:\n" + "".join(f"  {line}\n" for line in lines)


def chapters(folder: Path, *texts: str) -> Book:
    names = [f"{number:02d}-c" + "x" * number for number in range(1, len(texts) + 1)]
    files = {f"chapters/{name}.md": METADATA + text + "\n" for name, text in zip(names, texts, strict=True)}
    project = a_project(folder, **{"book.yaml": BOOK_YAML.replace("01-first", ", ".join(names)), **files})
    return complete(read(project)[0], Cache(folder, enabled=False))


def prompts(*questions: str) -> str:
    return "Text.\n\n" + "".join(
        f":::{{reflect}} {question}\n:kind: lines\n:name: p{number}\n:::\n\n"
        for number, question in enumerate(questions)
    )


def issue(folder: Path, subject: str, preheader: str, *bounds: str) -> Book:
    text = ISSUE.format(subject=subject, preheader=preheader)
    book_yaml = with_bounds(*bounds, more=NEWSLETTER) if bounds else BOOK_YAML + NEWSLETTER
    files = {"book.yaml": book_yaml, "newsletter/01-one.md": text, "chapters/01-first.md": METADATA + "Text.\n"}
    return book_of(folder, **files)


# --------------------------------------------------------------------------- bounds


@pytest.mark.parametrize(
    "rule", ["chapter-words", "issue-words", "subject-length", "preheader-length", "prompt-count", "prompt-kinds"]
)
def test_without_bounds_nothing_is_asked_of_a_book(rule: str, tmp_path: Path) -> None:
    assert found(rule, issue(tmp_path, "A subject " * 9, "P")) == []


@pytest.mark.parametrize(("count", "findings"), [(2, 1), (3, 0), (5, 0), (6, 1)])
def test_the_least_and_the_most_are_allowed(count: int, findings: int, tmp_path: Path) -> None:
    text = METADATA + "word " * count + "\n"
    files = {"book.yaml": with_bounds("chapter_words: [3, 5]"), "chapters/01-first.md": text}
    assert len(found("chapter-words", book_of(tmp_path, **files))) == findings


def test_prompts_and_footnotes_are_no_words_of_a_chapter(tmp_path: Path) -> None:
    text = METADATA + "Two words.[^a]\n\n[^a]: Not these.\n\n" + prompts("Nor these here?").removeprefix("Text.\n\n")
    files = {"book.yaml": with_bounds("chapter_words: [2, 2]"), "chapters/01-first.md": text}
    assert found("chapter-words", book_of(tmp_path, **files)) == []


def test_bounds_that_are_the_wrong_way_around_are_a_finding_of_their_own(tmp_path: Path) -> None:
    from builders import findings_of

    project = a_project(tmp_path, **{"book.yaml": with_bounds("chapter_words: [5, 3]")})
    [finding] = findings_of(project)
    assert (finding.location.line, finding.code) == (10, "metadata")
    assert finding.message == "“chapter_words”: 5 is more than 3"


def test_a_bound_that_is_no_pair_says_what_is_expected(tmp_path: Path) -> None:
    from builders import findings_of

    [finding] = findings_of(a_project(tmp_path, **{"book.yaml": with_bounds("chapter_words: 900")}))
    assert "the least and the most, two whole numbers such as [900, 1400]" in finding.message


def test_a_chapter_has_the_prompts_of_its_text_and_of_its_worksheet(tmp_path: Path) -> None:
    files = {
        "book.yaml": with_bounds("chapter_prompts: [2, 2]", "prompts_of_each_kind: 2"),
        "chapters/01-first.md": METADATA + prompts("One?") + "More.\n\n" + prompts("Two?").replace("p0", "q"),
    }
    book = book_of(tmp_path, **files)
    assert found("prompt-count", book) == []
    assert not any("lines" in message for message in found("prompt-kinds", book))
    assert len(found("prompt-kinds", book)) == 5


# --------------------------------------------------------------------------- subjects and preheaders


def test_a_subject_of_just_fifty_characters_fits(tmp_path: Path) -> None:
    assert found("subject-length", issue(tmp_path, "s" * 50, "P", "subject_characters: 50")) == []
    assert found("subject-length", issue(tmp_path, "s" * 51, "P", "subject_characters: 50")) != []


@pytest.mark.parametrize(
    ("subject", "preheader"),
    [
        ("The guitar behind the coats", "One old pleasure, two hours a week, and the people you need not impress."),
        ("What you keep", "What to do when it rains, and whom to tell about it."),
        ("Two people, one sofa, a narrow staircase", "Too close and the sofa jams."),
        ("And then?", "And then."),
    ],
)
def test_a_preheader_may_share_grammar_or_one_word_of_many(subject: str, preheader: str, tmp_path: Path) -> None:
    assert found("preheader-repeats", issue(tmp_path, subject, preheader)) == []


@pytest.mark.parametrize(
    ("subject", "preheader"),
    [
        ("The empty coat hook", "An empty hook in the hall."),
        ("Your partner's stories", "Every partner has a story."),
        ("Stay", "Why they stay."),
    ],
)
def test_a_preheader_with_half_of_the_subjects_words_repeats_it(subject: str, preheader: str, tmp_path: Path) -> None:
    assert len(found("preheader-repeats", issue(tmp_path, subject, preheader))) == 1


def test_in_another_language_short_words_are_grammar(tmp_path: Path) -> None:
    book = issue(tmp_path / "a", "Was du von mir weißt", "Was du von uns beiden hast.")
    german = complete(_in_german(tmp_path / "b"), Cache(tmp_path, enabled=False))
    assert found("preheader-repeats", book) != []
    assert found("preheader-repeats", german) == []


def _in_german(folder: Path) -> Book:
    text = ISSUE.format(subject="Was du von mir weißt", preheader="Was du von uns beiden hast.")
    book_yaml = BOOK_YAML.replace("en-US", "de") + NEWSLETTER
    files = {"book.yaml": book_yaml, "newsletter/01-one.md": text, "chapters/01-first.md": METADATA + "Text.\n"}
    return read(a_project(folder, **files))[0]


# --------------------------------------------------------------------------- openings and questions


@pytest.mark.parametrize(
    "texts",
    [
        ("There is a picture.", "Two keys hang.", "There was a key."),
        ("By the lake.", "Some rain.", "By the river."),
        ("Who left?", "Nobody.", "Who stayed?"),
        ("Still.", "Still nothing."),
    ],
)
def test_chapters_may_share_a_word_or_two_from_afar(texts: tuple[str, ...], tmp_path: Path) -> None:
    assert found("chapters-open-alike", chapters(tmp_path, *texts)) == []


def test_two_chapters_open_alike_in_three_words_wherever_they_stand(tmp_path: Path) -> None:
    book = chapters(tmp_path, "There is a picture.", "Two keys.", '"There is a key," you say.')
    assert found("chapters-open-alike", book) == ["it opens with “There is a”, as chapter 1 does"]


def test_neighbors_open_alike_in_two_words_or_by_a_question(tmp_path: Path) -> None:
    book = chapters(tmp_path, "By the lake.", "## Head\n\nBy the river.", "Who?", '"Why not?" you ask.')
    assert found("chapters-open-alike", book) == [
        "it opens with “By the”, as the chapter before it does",
        "it opens with a question, as the chapter before it does",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What did you bring home?", "What did you leave at home?"),
        ("Keep three stories.", "Keep three lists."),
        ("How easily do you ask for help at home?", "How easily do you thank for help at work?"),
        ("Which of these do you do?", "Which of these do you want?"),
    ],
)
def test_questions_for_different_things_are_different(one: str, other: str, tmp_path: Path) -> None:
    book = book_of(tmp_path, **{"chapters/01-first.md": METADATA + prompts(one, other)})
    assert found("repeated-prompt", book) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What now?", "What now?"),
        ("What did you notice on the evening apart?", "What did you notice on an evening apart?"),
        ("Where would a pale rectangle show?", "Where, in your rooms, would pale rectangles show?"),
    ],
)
def test_a_question_asked_again_is_found_though_it_is_reworded(one: str, other: str, tmp_path: Path) -> None:
    book = book_of(tmp_path, **{"chapters/01-first.md": METADATA + prompts(one, other)})
    assert len(found("repeated-prompt", book)) == 1


# --------------------------------------------------------------------------- references and index


def test_an_entry_may_say_see_also_and_have_places(tmp_path: Path) -> None:
    text = "{index}`distance` {index}`space`{index}`<seealso: distance; space>`{index}`<see: gap; space>`\n"
    book = book_of(tmp_path, **{"chapters/01-first.md": METADATA + text})
    assert found("see-with-places", book) == []


def test_a_book_without_citations_terms_and_marks_needs_no_back_matter(tmp_path: Path) -> None:
    assert found("missing-back-matter", book_of(tmp_path)) == []


def test_a_label_is_used_by_its_own_name(tmp_path: Path) -> None:
    text = "(one)=\n## One\n\n{ref}`one`\n\n## Two\n\nNo label here.\n"
    assert found("unused-label", book_of(tmp_path, **{"chapters/01-first.md": METADATA + text})) == []


# --------------------------------------------------------------------------- texts around the book, and mails


def test_texts_of_just_the_right_length_are_fine(tmp_path: Path) -> None:
    keywords = ", ".join("k" * (43 + number) for number in range(1, 8))
    texts = f"  short_description: {'s' * 400}\n  long_description: {'l' * 4000}\n  keywords: [{keywords}]\n"
    book = book_of(tmp_path, **{"book.yaml": BOOK_YAML + "texts:\n" + texts, "chapters/01-first.md": METADATA + "T.\n"})
    assert found("text-length", book) == []


def test_paragraphs_are_joined_as_shops_show_them(tmp_path: Path) -> None:
    text = "  long_description: >-\n    " + "a" * 1999 + "\n\n    " + "b" * 2000 + "\n"
    book = book_of(tmp_path, **{"book.yaml": BOOK_YAML + "texts:\n" + text, "chapters/01-first.md": METADATA + "T.\n"})
    assert len(book.texts_around.long_description) == 2
    assert found("text-length", book) == ["the long description has 4,001 characters; 4,000 is the most"]


def test_what_a_shop_refuses_is_an_error_and_what_reads_badly_a_warning(tmp_path: Path) -> None:
    texts = f"texts:\n  back_cover: Short.\n  short_description: {'s' * 401}\n"
    book = book_of(tmp_path, **{"book.yaml": BOOK_YAML + texts, "chapters/01-first.md": METADATA + "T.\n"})
    findings = {finding.severity: finding for finding in rules()["text-length"](book, Context(FORMATS))}
    assert findings["error"].location.line == 11
    assert findings["warning"].location.line == 10


def test_the_confirmation_alone_has_the_link_that_confirms(tmp_path: Path) -> None:
    mail = "---\nsubject: One click\npreheader: And then they come.\n---\n{confirm}`Yes`\n"
    book_yaml = BOOK_YAML + NEWSLETTER + "  confirmation: ask\n"
    files = {
        "book.yaml": book_yaml,
        "mails/ask.md": mail,
        "newsletter/01-one.md": ISSUE.format(subject="S", preheader="P"),
    }
    book = book_of(tmp_path, **files)
    assert found("confirm-role", book) == []


def test_a_mail_has_no_worksheet_to_link_to(tmp_path: Path) -> None:
    mail = "---\nsubject: Welcome\npreheader: P\n---\n{worksheet}`Print it`\n"
    book_yaml = BOOK_YAML + NEWSLETTER + "  welcome: hello\n"
    files = {
        "book.yaml": book_yaml,
        "mails/hello.md": mail,
        "newsletter/01-one.md": ISSUE.format(subject="S", preheader="P"),
    }
    assert len(found("worksheet-role", book_of(tmp_path, **files))) == 1


# --------------------------------------------------------------------------- the book in content/


def test_the_rules_find_nothing_in_the_manuscript_of_this_repository() -> None:
    project = Project(Path(__file__).parents[3])
    book = complete(read(project)[0], Cache(project.state, enabled=False))
    ours = ("chapters-open-alike", "repeated-prompt", "preheader-repeats", "prompt-kinds", "text-length")
    assert [message for rule in ours for message in found(rule, book)] == []
