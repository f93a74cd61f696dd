"""The short form of both fuzz tests, each in a process of its own: memory is the server's and logs are those of production."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.settings import DatabaseSettings
from tests.fuzz.bodies import CODES, run
from tests.fuzz.operations import TABLE

ROOT = Path(__file__).parent.parent.parent
BODIES = 1500


def test_whatever_is_asked_of_any_operation_the_reply_is_a_documented_one(request: pytest.FixtureRequest, tmp_path: Path, kind: str):
    report = tmp_path / "report.json"
    edges = {"sqlite": "4", "postgres": "0"}[kind]  # they are about shapes, which are looked at before any row is
    words = ["--bodies", "0", "--examples", "1", "--coverage", edges, "--thin", "--report", str(report)]
    if kind == "postgres":
        server = request.getfixturevalue("postgres_server")
        words += ["--database", server.format("postgres") if "{}" in server else f"{server}/postgres"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *words], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False
    )
    assert report.exists(), done.stderr[-3000:]
    found = json.loads(report.read_text())["document"]
    assert found["faults"] == []
    assert found["operations_with_2xx"] == len(TABLE)
    assert done.returncode == 0


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_whatever_body_comes_it_is_stored_or_kept_and_what_it_discloses_is_heard(settings: DatabaseSettings):
    outcome = run(settings, bodies=BODIES, seed=7, warm_up=BODIES // 3)
    assert outcome.faults == []
    assert outcome.sent == BODIES
    assert set(outcome.statuses) >= {201, 400, 409, 413, 422}
    assert outcome.codes.keys() - {"-"} <= CODES
    assert outcome.heard["must, alert"] > BODIES // 30, "enough broken bodies disclosed something"
    assert outcome.heard["must not, none"] > BODIES // 2
