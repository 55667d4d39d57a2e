"""An order to print as the command that it becomes; the real server is in tests/acceptance."""

import pytest

from pipeline.errors import ConfigError
from pipeline.printing import Order, command_of, print_pdf, shown


def test_an_order_is_a_list_of_arguments() -> None:
    order = Order("letter", "The worksheet; of “chapter” 7 && more", 2, "desk")
    assert command_of(order) == [
        *("lp", "-d", "desk", "-n", "2", "-o", "media=Letter", "-o", "print-scaling=none"),
        *("-t", "The worksheet; of “chapter” 7 && more", "-"),
    ]
    assert "'The worksheet; of “chapter” 7 && more'" in shown(command_of(order))


def test_without_a_printer_the_default_one_is_asked() -> None:
    assert "-d" not in command_of(Order("a4", "All"))


def test_a_title_is_one_line() -> None:
    assert "a b" in command_of(Order("a4", "a\nb"))


@pytest.mark.parametrize("name", ["-o", "a b", "a/b", "a#b", "a\nb"])
def test_what_can_not_name_a_printer_is_refused_before_anything_is_run(name) -> None:
    with pytest.raises(ConfigError, match="can't name a printer"):
        command_of(Order("a4", "All", 1, name))


def test_no_copies_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least one"):
        command_of(Order("a4", "All", 0))


def test_a_machine_without_lp_is_told_what_to_install(tmp_path) -> None:
    with pytest.raises(ConfigError, match="is not installed") as raised:
        print_pdf(b"%PDF", Order("a4", "All"), {"PATH": str(tmp_path)})
    assert "cups-client" in str(raised.value)
