"""What a format leaves out."""

from builders import a_book

from pipeline import model as m
from pipeline.transforms import select


def texts(book, format_name):
    chosen = select(book, format_name)
    return " ".join(node.text for _, text in chosen.texts() for node in m.walk(text) if isinstance(node, m.Text))


def test_a_passage_is_in_its_formats_and_in_no_other():
    book = a_book()
    assert "The space on the page is yours." in texts(book, "workbook")
    assert "The space on the page is yours." in texts(book, "worksheets")
    assert "The space on the page is yours." not in texts(book, "epub")
    assert "Keep a pencil" in texts(book, "epub")


def test_no_only_is_left_in_any_format():
    for name in ("workbook", "epub", "newsletter"):
        chosen = select(a_book(), name)
        assert not any(isinstance(node, m.Only) for node in m.walk((chosen.front, chosen.parts, chosen.back)))


def test_a_prompt_in_a_passage_for_one_format_is_on_no_other_formats_list(tmp_path):
    from builders import METADATA, a_project

    from pipeline.reader import read

    prompt = ":::{reflect} Why?\n:kind: lines\n:name: why\n:::\n"
    project = a_project(
        tmp_path, **{"chapters/01-first.md": METADATA + f"::::{{only}} workbook\n{prompt}::::\n\nText.\n"}
    )
    book, _ = read(project)
    assert [prompt.name for prompt in select(book, "workbook").chapters[0].prompts] == ["first_why"]
    assert select(book, "epub").chapters[0].prompts == ()


def test_a_book_without_such_passages_stays_the_same_object(tmp_path):
    from builders import a_project

    from pipeline.reader import read

    book, _ = read(a_project(tmp_path))
    assert select(book, "epub") is book


def test_the_mails_of_the_newsletter_are_chosen_from_too(tmp_path):
    from builders import BOOK_YAML, METADATA, a_project

    from pipeline.reader import read

    mail = "---\nsubject: S\npreheader: P\n---\nText.\n\n:::{only} epub\nNot in a mail.\n:::\n"
    book_yaml = BOOK_YAML + "newsletter:\n  id: n\n  title: N\n  issues: []\n  welcome: hello\n"
    files = {"book.yaml": book_yaml, "mails/hello.md": mail, "chapters/01-first.md": METADATA + "Text.\n"}
    chosen = select(read(a_project(tmp_path, **files))[0], "newsletter")
    assert len(chosen.newsletter.mail("welcome").text.blocks) == 1
