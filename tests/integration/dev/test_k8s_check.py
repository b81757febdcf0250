"""`make k8s-check` on a machine without kubectl."""

from pathlib import Path

import pytest

from dev.k8s.__main__ import check


def test_without_kubectl_the_files_are_checked_and_one_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check() == 0
    said = ["ok     files", "The overlays were not rendered: install kubectl 1.21 or newer for that."]
    assert capsys.readouterr().out.splitlines() == said
