"""Errors carry every finding, and survive the way from one process to another."""

import pickle

from pipeline import errors
from pipeline.errors import ContentError, Finding, Location, QuireError


def test_every_error_has_its_own_exit_code() -> None:
    codes = {
        kind.__name__: kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, QuireError)
    }
    assert codes == {
        "QuireError": 1,
        "ConfigError": 3,
        "ContentError": 4,
        "WriteError": 5,
        "DeliveryError": 6,
        "TransientDeliveryError": 6,
        "PermanentDeliveryError": 6,
        "LetterError": 6,
        "StoreError": 7,
    }


def test_findings_are_told_by_place_with_what_to_do() -> None:
    error = ContentError(
        [Finding(Location("b.md", 9), "rule", "wrong", "Mend it."), Finding(Location("a.md", 10), "rule", "bad")]
    )
    assert str(error) == "a.md:10: bad [rule]\nb.md:9: wrong [rule]\n    Mend it."


def test_a_content_error_can_be_sent_between_processes() -> None:
    error = ContentError([Finding(Location("a.md", 1), "rule", "wrong")])
    assert pickle.loads(pickle.dumps(error)).findings == error.findings
