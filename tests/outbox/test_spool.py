"""Lines on disk are whole, private, claimed by one, and survive what interrupts them."""

import fcntl
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from webhook_alerts.outbox.batch import Batch
from webhook_alerts.outbox.spool import Replayed, Spool


@pytest.fixture
def spool(tmp_path):
    return Spool(str(tmp_path / "deep" / "spool"))


def items(*numbers):
    return [("alert", {"id": str(number), "message": "é\u2028"}) for number in numbers]


def drain(spool, batch=500):
    taken = []
    done = spool.replay(lambda found: taken.extend(found) or True, batch)
    return taken, done


def test_what_is_written_comes_back_in_order_and_once(spool):
    spool.write(items(1, 2))
    spool.write(items(3))
    taken, done = drain(spool)
    assert taken == items(1, 2, 3)
    assert done == Replayed(items=3)
    assert drain(spool) == ([], Replayed())
    assert spool.files() == []


def test_writing_goes_on_after_another_process_took_the_file(spool):
    spool.write(items(1))
    other = Spool(str(spool.directory))
    assert drain(other)[0] == items(1)
    spool.write(items(2))
    assert drain(other)[0] == items(2)


def test_a_torn_line_is_counted_and_stops_no_other(spool):
    spool.write(items(1))
    (path,) = spool.files()
    with path.open("ab") as file:
        file.write(b'{"alert": {"id": "2", "mess')
    taken, done = drain(spool)
    assert taken == items(1)
    assert done.torn == 1


def test_a_file_in_use_is_left_alone(spool):
    spool.write(items(1))
    (path,) = spool.files()
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert drain(spool)[0] == []
        spool.write(items(2))
    assert sorted(item[1]["id"] for item in drain(spool)[0]) == ["1", "2"]


def test_what_was_not_taken_stays(spool):
    spool.write(items(*range(10)))
    sent = []

    def take_two_batches(found):
        if len(sent) == 2:
            return False
        sent.append(found)
        return True

    assert spool.replay(take_two_batches, 3) == Replayed(items=6, complete=False)
    assert drain(spool)[0] == items(6, 7, 8, 9)


def test_only_the_owner_may_read(spool):
    spool.write(items(1))
    assert stat.S_IMODE(spool.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(spool.files()[0].stat().st_mode) == 0o600


def test_a_directory_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "spool").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="belongs to someone else"):
        Spool(str(tmp_path / "spool")).write(items(1))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def alerts_of(level, *numbers, size=10):
    return [("alert", {"id": f"{level}-{number}", "level": level, "message": "x" * size}) for number in numbers]


def test_when_it_is_full_the_oldest_of_the_lowest_level_go_and_it_says_so(tmp_path):
    spool = Spool(str(tmp_path), limit=100_000)
    lost = 0
    for number in range(30):
        lost += spool.write(alerts_of(20 if number % 2 else 50, number, size=5_000))
    left = [item[1]["id"] for item in drain(Spool(str(tmp_path)))[0]]
    assert lost == 30 - len(left) > 5
    assert [f"50-{number}" for number in range(0, 30, 2)] == [key for key in left if key.startswith("50")]
    assert spool.summary()["evicted"] == lost


def counts(alert, *totals, size=10):
    return [("repeat", {"id": alert, "count": 1, "total": total, "samples": ["x" * size]}) for total in totals]


def test_when_it_is_full_a_count_goes_that_a_later_one_replaces_and_that_is_no_loss(tmp_path):
    spool = Spool(str(tmp_path), limit=100_000)
    for total in range(2, 60):
        assert spool.write([*alerts_of(20, total), *counts("storm", total, size=5_000)]) == 0
    left = drain(Spool(str(tmp_path)))[0]
    assert len([item for item in left if item[0] == "alert"]) == 58
    assert max(value["total"] for kind, value in left if kind == "repeat") == 59
    assert spool.summary()["evicted"] == 0


def test_when_it_is_full_counts_outlive_the_alerts_beside_them_and_are_lost_last(tmp_path):
    spool = Spool(str(tmp_path), limit=100_000)
    for number in range(30):
        spool.write([*alerts_of(50, number, size=5_000), *counts(f"storm {number}", 7)])
    left = drain(Spool(str(tmp_path)))[0]
    assert len([item for item in left if item[0] == "repeat"]) == 30
    lost = sum(spool.write(counts(f"other {number}", 7, size=5_000)) for number in range(30))
    assert spool.summary()["bytes"] <= 100_000
    assert lost > 0


def test_what_the_broker_has_taken_counts_for_the_size_too(tmp_path):
    spool = Spool(str(tmp_path), limit=100_000)
    lost = sum(spool.write_held(Batch(alerts_of(20, number, size=5_000), epoch="abc")) for number in range(30))
    assert lost == 30 - len(spool.files()) > 5
    assert spool.summary()["bytes"] <= 100_000


def test_a_batch_that_a_broker_remembers_stays_until_it_forgets(spool):
    batch = Batch(items(1), epoch="abc")
    spool.write_held(batch)
    assert list(spool.held()) == [batch.identity]
    assert spool.files("abc") == []
    assert len(spool.files("def")) == len(spool.files()) == 1
    (path,) = spool.files()
    os.utime(path, (0, 0))  # long ago: then it is brought again all the same
    assert spool.files("abc") == [path]


def test_what_was_sent_goes_along_with_its_alert_wherever_its_note_stands(spool):
    spool.write(items(*range(5)))
    note = ("sent", {"alerts": ["3"], "webhook": "errors"})
    assert spool.amend(lambda found: [note] if len(found) == 5 else []) == 1
    batches = []
    spool.replay(lambda part: batches.append(part) or True, 2)
    assert batches == [items(0, 1), [*items(2, 3), note], items(4)]
    assert spool.files() == []


def test_a_note_stays_as_long_as_a_copy_of_its_alert(spool):
    batch = Batch(items(1), epoch="abc")
    spool.write_held(batch)
    note = ("sent", {"alerts": ["1"], "webhook": "errors"})
    spool.amend(lambda _: [note])
    spool.replay(lambda _: True, 10, epoch="abc")  # the broker remembers: only a worker takes it
    taken = []
    spool.replay(lambda part: taken.extend(part) or True, 10)
    assert taken == [*items(1), note]
    assert spool.files() == []


def test_what_waits_together_with_a_note_goes_with_it(spool):
    note = ("sent", {"alerts": ["1"], "webhook": "errors"})
    spool.write([*items(1), note])
    assert drain(spool)[0] == [*items(1), note]
    assert spool.files() == []


def test_one_at_a_time_replays(spool):
    spool.write(items(1))
    inside = []

    def send(part):
        inside.append(Spool(str(spool.directory)).replay(lambda _: True, 10))
        return True

    assert spool.replay(send, 10).items == 1
    assert inside == [Replayed()]


AS_NOBODY = """
import os, sys
sys.path.insert(0, {root!r})
from webhook_alerts.outbox.spool import Spool
os.setgroups([]); os.setgid(65534); os.setuid(65534)
spool = Spool({folder!r})
item = ("alert", {{"id": "1", "level": 40, "message": "x" * 5000}})
try:
    {act}
except OSError as error:
    print(type(error).__name__)
"""


@pytest.fixture
def as_nobody(tmp_path):
    """Run something as a user who may do little, root being held up by no mode."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)

    def run(act):
        root = Path(__file__).resolve().parents[2]
        code = AS_NOBODY.format(root=str(root), folder=str(tmp_path / "spool"), act=act)
        done = subprocess.run(
            [sys.executable, "-B", "-c", code], capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def test_a_directory_that_may_not_be_written_is_an_error_that_says_so(as_nobody, tmp_path):
    (tmp_path / "spool").mkdir(mode=0o555)
    assert as_nobody("spool.write([item])") == "PermissionError"
    assert as_nobody("print(spool.summary()['alerts'])") == "0"


def test_files_of_another_user_are_counted_and_left_alone(as_nobody, tmp_path):
    folder = tmp_path / "spool"
    Spool(str(folder)).write(items(1))
    os.chown(folder, 65534, 65534)
    told = as_nobody(
        "spool.write([item]); print(spool.replay(lambda part: True, 10).items, spool.summary()['unreadable'])"
    )
    assert told == "1 1"


FULL_DISK = """
import resource, sys
sys.path.insert(0, {root!r})
from webhook_alerts.outbox.spool import Spool
spool = Spool({folder!r})
item = {item!r}
spool.write([item])
resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))
{act}
"""


@pytest.fixture
def on_a_full_disk(tmp_path):
    """What Python code prints that acts on a ``spool`` of one *item* while no file may have more than 8,000 bytes."""

    def run(item, act):
        root = Path(__file__).resolve().parents[2]
        code = FULL_DISK.format(root=str(root), folder=str(tmp_path / "spool"), item=item, act=act)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def test_a_full_disk_leaves_no_half_line_and_keeps_what_was_there(on_a_full_disk, tmp_path):
    told = on_a_full_disk(
        ("alert", {"id": "1", "level": 40, "message": "x" * 5000}),
        "try:\n    spool.write([item])\nexcept OSError as error:\n    print(error.strerror)\n",
    )
    assert told == "File too large"
    taken, told = drain(Spool(str(tmp_path / "spool")))
    assert (len(taken), told.torn) == (1, 0)


def test_on_a_full_disk_only_what_it_refuses_is_shown_to_whoever_sends(on_a_full_disk, tmp_path):
    told = on_a_full_disk(
        ("alert", {"id": "on disk"}),
        "shown, refused = [], [('alert', {'id': 'refused'})]\n"
        "def send(found):\n"
        "    shown.extend(value['id'] for _, value in found)\n"
        "    return [('sent', {'alerts': list(shown)})]\n"
        "spool.amend(send, refused)\n"
        "print(shown, [kind for kind, _ in refused])\n",
    )
    assert told == "['refused'] ['alert', 'sent']"
    assert len(Spool(str(tmp_path / "spool")).files()) == 1


def test_whoever_stores_the_same_alerts_by_another_way_hears_of_what_was_sent(spool):
    assert spool.notes() == []
    spool.write(items(1))
    note = ("sent", {"alerts": ["1"], "webhook": "errors"})
    asked = []

    def change(found):
        asker = threading.Thread(target=lambda: asked.append(Spool(str(spool.directory)).notes()))
        asker.start()
        asker.join(0.2)
        assert asked == []  # it waits for the one who sends
        threads.append(asker)
        return [note]

    threads = []
    spool.amend(change)
    threads[0].join(5)
    assert asked == [[note]]
