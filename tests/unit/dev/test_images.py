"""Building the images is for machines that can."""

import pytest

from dev.images.__main__ import main


def test_where_it_cannot_be_done_one_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert main() == 0
    assert capsys.readouterr().out == "The images were not built: that needs buildah and mmdebstrap and the rights of root.\n"
