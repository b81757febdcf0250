"""What the Dockerfile copies gets through .dockerignore, which keeps everything else out of the images."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
SERVICES = ("gateway", "user_svc", "task_svc", "notify_svc")


def test_what_is_copied_is_let_through_and_nothing_more() -> None:
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    sources = {source for line in copied for source in line.split()} - {"${SERVICE}"} | {*SERVICES}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
