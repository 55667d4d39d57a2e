"""Images: found inside content/, checked, read once."""

import struct
import zlib

import pytest
from builders import METADATA, a_chapter, a_project, findings_in, findings_of

SVG = '<svg xmlns="http://www.w3.org/2000/svg" {}>{}</svg>'
BOX = 'viewBox="0 0 10 10"'


def png(width, height):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress(b"".join(b"\0" + b"\xff" * width for _ in range(min(height, 9))))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def messages(tmp_path, name, content):
    text = f"![It shows a thing](../images/{name})\n"
    return [(finding.code, finding.message) for finding in findings_in(tmp_path, text, **{f"images/{name}": content})]


@pytest.mark.parametrize(
    ("attributes", "size"),
    [(BOX, (10, 10)), ('width="1in" height="72pt"', (96, 96)), ('width="50%" height="1" viewBox="0 0 3 4"', (3, 4))],
)
def test_an_svg_has_its_size_in_css_pixels(tmp_path, attributes, size):
    from pipeline.reader import read

    project = a_project(
        tmp_path,
        **{"images/a.svg": SVG.format(attributes, ""), "chapters/01-first.md": METADATA + "![A](../images/a.svg)\n"},
    )
    (image,) = read(project)[0].images.values()
    assert (image.width, image.height) == size


def test_a_png_is_read(tmp_path):
    assert not messages(tmp_path, "a.png", png(3, 4))


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.png", b"", "a broken image"),
        ("a.png", png(3, 4)[:40], "a broken image"),
        ("a.png", png(50_000, 50_000), "more than 60 million pixels"),
        ("a.png", png(9_000, 9_000), "9000 × 9000 pixels"),
        ("a.jpg", b"\xff\xd8\xff\xe0junk", "a broken image"),
        ("a.gif", b"GIF89a", "not an SVG, PNG or JPEG"),
        ("a.svg", b"", "a broken SVG"),
        ("a.svg", "<svg", "a broken SVG"),
        ("a.svg", "<svg/>", "not an SVG"),
        ("a.svg", SVG.format(BOX, "").encode("utf-16"), "an SVG that is not UTF-8"),
        ("a.svg", "<!DOCTYPE svg>" + SVG.format(BOX, ""), "an SVG with a document type or a stylesheet of its own"),
        (
            "a.svg",
            "<?xml-stylesheet href='x'?>" + SVG.format(BOX, ""),
            "an SVG with a document type or a stylesheet of its own",
        ),
        ("a.svg", SVG.format(BOX, "<script/>"), "an SVG with something active in it: <script>"),
        ("a.svg", SVG.format(BOX, "<g onclick='x'/>"), "an SVG with something active in it: <g>"),
        ("a.svg", SVG.format(BOX, "<image href='https://x/y.png'/>"), "an SVG that fetches https://x/y.png"),
        ("a.svg", SVG.format(BOX, "<image href='data:image/svg+xml,x'/>"), "an SVG that fetches data:image/svg+xml,x"),
        ("a.svg", SVG.format(BOX, "<g style='fill:url(#a);stroke:URL(//x)'/>"), "an SVG that fetches by url(…)"),
        ("a.svg", SVG.format(BOX, "<style>@import 'x'</style>"), "an SVG with a stylesheet that fetches"),
        ("a.svg", SVG.format(BOX, "<g>" * 5_000 + "</g>" * 5_000), "an SVG with too much in it"),
        ("a.svg", SVG.format('viewBox="0 0 nan inf"', ""), "an SVG without a size that can be used"),
        ("a.svg", SVG.format('width="." height="1"', ""), "an SVG without a size that can be used"),
    ],
)
def test_a_broken_or_active_image_is_refused(tmp_path, name, content, what):
    assert messages(tmp_path, name, content) == [("image-broken", f"images/{name}: {what}")]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../images/none.svg", "image-missing"),
        ("../images", "image-missing"),
        ("a" * 4_000 + ".svg", "image-missing"),
        ("../images/a%00.svg", "image-missing"),
        ("../images/loop.svg", "image-missing"),
        ("", "image-missing"),
        ("../../outside.svg", "image-outside"),
        ("/etc/passwd", "image-outside"),
        ("../images/link.svg", "image-outside"),
        ("https://example.com/a.svg", "image-remote"),
        ("//example.com/a.svg", "image-remote"),
        ("file:///etc/passwd", "image-remote"),
        ("data:image/png;base64,AAAA", "image-remote"),
    ],
)
def test_an_image_comes_from_inside_content_or_not_at_all(tmp_path, path, code):
    project = a_project(tmp_path / "p", **{"chapters/01-first.md": METADATA + f"![A](<{path}>)\n", "images/a.svg": SVG})
    (tmp_path / "p" / "outside.svg").write_text(SVG.format(BOX, ""))
    (tmp_path / "p/content/images/link.svg").symlink_to(tmp_path / "p" / "outside.svg")
    (tmp_path / "p/content/images/loop.svg").symlink_to(tmp_path / "p/content/images/loop.svg")
    assert [finding.code for finding in findings_of(project)] == [code]


def test_a_link_inside_content_is_followed(tmp_path):
    project = a_project(
        tmp_path,
        **{"chapters/01-first.md": METADATA + "![A](../images/b.svg)\n", "images/a.svg": SVG.format(BOX, "")},
    )
    (tmp_path / "content/images/b.svg").symlink_to("a.svg")
    assert not findings_of(project)


def test_an_image_without_alternative_text_is_refused(tmp_path):
    findings = findings_in(tmp_path, "![](../images/a.svg)\n", **{"images/a.svg": SVG.format(BOX, "")})
    assert [finding.code for finding in findings] == ["image-alt"]


def test_a_second_mention_reads_nothing(tmp_path):
    chapter = a_chapter(tmp_path, "![A](../images/a.svg)\n" * 2, **{"images/a.svg": SVG.format(BOX, "")})
    assert len(chapter.text.blocks) == 2
