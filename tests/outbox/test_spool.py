"""Lines on disk are whole, private, claimed by one, and survive what interrupts them."""

import fcntl
import stat

import pytest

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
