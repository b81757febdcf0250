"""What a run says in the end, and that what it says can be done again."""

import subprocess

from tests.fuzz.report import as_text
from tests.fuzz.result import Finding, Result, curl


def test_a_report_counts_answers_and_tells_each_kind_of_finding_once() -> None:
    result = Result(7)
    result.answers.update({("GET /a", 200): 3, ("GET /a", 503): 1, ("POST /b", 400): 2})
    result.add(Finding("GET /a", "answers 503\nthe first", "curl x"))
    result.seed = 8
    result.add(Finding("GET /a", "answers 503\nthe second", "curl y"))

    lines = as_text(result).splitlines()

    assert lines[:2] == ["GET /a   200: 3  503: 1", "POST /b  400: 2"]
    assert lines[3:7] == ["GET /a answers 503", "the first", "  2 times; seed 7: make fuzz ARGS='--seed 7', or", "  curl x"]
    assert lines[-1] == "6 answers, 1 of them 5xx; 1 findings"


def test_a_request_can_be_sent_again_from_a_shell() -> None:
    url, value, body = "http://x/it's\\%00?a=\xe4", "a\x84\tb'\"$HOME", b"\x01\xff'\\ {}"
    command = curl("GET", url, [("X-A", value)], body)

    printed = subprocess.run(["bash", "-c", command.replace("curl", "printf '%s\\n'", 1)], capture_output=True, check=True).stdout

    assert printed.splitlines()[-5:] == [url.encode("latin-1"), b"-H", f"X-A: {value}".encode("latin-1"), b"--data-binary", body]
