import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.lock import AlreadyWriting, writing_process
from models.settings import DatabaseSettings
from tests.conftest import ROOT

HOLDER = """
import sys, time
from pathlib import Path
from models.lock import writing_process
from models.settings import DatabaseSettings
with writing_process(DatabaseSettings(url="sqlite:///x", directory=Path(sys.argv[1])), "breakwater serve"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path):
    return DatabaseSettings(url=f"sqlite:///{tmp_path}/x.db", directory=tmp_path / "var")


def test_one_process_writes_at_a_time_and_the_refusal_says_who_and_what_to_do(settings):
    other = writing_process(settings, "breakwater worker")
    with writing_process(settings, "breakwater serve"), pytest.raises(AlreadyWriting) as caught, other:
        pass
    words = caught.value.detail
    assert "breakwater worker" in words
    assert f"`breakwater serve` (process {os.getpid()})" in words
    assert "BREAKWATER_DATABASE_URL" in words


def test_the_right_to_write_is_free_again_after_the_block_and_after_an_exception(settings):
    with pytest.raises(ZeroDivisionError), writing_process(settings, "one"):
        raise ZeroDivisionError
    with writing_process(settings, "two"), pytest.raises(AlreadyWriting, match="two"), writing_process(settings, "three"):
        pass


def test_a_killed_process_leaves_no_lock_behind(settings):
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, settings.directory], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(AlreadyWriting, match=str(holder.pid)), writing_process(settings, "mine"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait(10)
    holder.stdout.close()
    with writing_process(settings, "mine"):
        assert (settings.directory / "writer.lock").read_text() == f"{os.getpid()}\nmine\n"


def test_a_lock_file_that_says_nothing_still_refuses_with_a_sentence(settings):
    with writing_process(settings, "one"):
        (settings.directory / "writer.lock").write_text("")
        with pytest.raises(AlreadyWriting, match="another process"), writing_process(settings, "two"):
            pass


def test_postgresql_takes_any_number_of_processes(tmp_path):
    settings = DatabaseSettings(url="postgresql+psycopg://host/name", directory=tmp_path / "none")
    with writing_process(settings, "one"), writing_process(settings, "two"):
        assert not Path(settings.directory).exists()
