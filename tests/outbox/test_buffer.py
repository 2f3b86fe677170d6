"""The buffer counts exactly and drops the least."""

import threading

from webhook_alerts.outbox.buffer import Buffer
from webhook_alerts.outbox.snapshot import DEFAULT, Snapshot


def snapshot(level=40, created=100.0, key=None):
    return Snapshot(level, created, key, {"msg": "x"}, DEFAULT)


def test_the_gravest_comes_first_and_the_oldest_first_within_a_level():
    buffer = Buffer()
    order = [(30, 1.0), (50, 2.0), (40, 3.0), (50, 4.0), (35, 5.0), (7, 6.0), (99, 7.0)]
    for level, created in order:
        buffer.put(snapshot(level, created), 100)
    assert [item.created for item in buffer.take(3)] == [2.0, 4.0, 7.0]
    assert [item.created for item in buffer.take(10)] == [3.0, 1.0, 5.0, 6.0]
    assert buffer.size == 0


def test_overflow_takes_the_oldest_of_the_lowest_level():
    buffer = Buffer()
    for level, created in [(50, 1.0), (20, 2.0), (20, 3.0), (40, 4.0)]:
        buffer.put(snapshot(level, created), 3)
    assert [item.created for item in buffer.take_overflow(10)] == [2.0]
    assert buffer.size == 3


def test_what_is_of_no_weight_finds_no_room_among_what_is():
    buffer = Buffer()
    for level, created in [(50, 1.0), (50, 2.0), (10, 3.0), (40, 4.0), (50, 5.0)]:
        buffer.put(snapshot(level, created), 2)
    assert [item.created for item in buffer.take(10)] == [2.0, 5.0]
    assert [item.created for item in buffer.take_overflow(10)] == [1.0, 4.0]
    assert buffer.stats.dropped == 1


def test_what_is_dropped_is_counted_and_a_storm_is_never():
    buffer = Buffer()
    buffer.put(snapshot(created=0.0, key=("storm",)), 2)
    assert buffer.repeat(("storm",), 1.0, 60.0) is not None
    for created in range(1, 10):
        buffer.put(snapshot(created=float(created)), 2)
    kept = [item.created for item in (*buffer.take_overflow(10), *buffer.take(10))]
    assert 0.0 in kept
    assert len(kept) + buffer.stats.dropped == 10


def test_a_window_is_told_only_after_its_alert_was_built():
    buffer = Buffer()
    first = snapshot(created=100.0, key=("k",))
    buffer.put(first, 10)
    buffer.repeat(("k",), 101.0, 60.0)
    assert buffer.take_repeats(1000.0, 60.0) == []
    first.state = {}
    assert buffer.take_repeats(1000.0, 60.0) == [(first, 1)]
    assert buffer.take_repeats(1000.0, 60.0) == []
    assert buffer.waiting == 1


def test_a_window_that_was_open_when_all_was_told_is_told_once_when_it_is_built():
    buffer = Buffer()
    first = snapshot(created=100.0, key=("k",))
    buffer.put(first, 10)
    buffer.repeat(("k",), 101.0, 60.0)
    assert buffer.take_repeats(102.0, 60.0, everything=True) == []
    (built,) = buffer.take(10)
    built.state = {}
    assert buffer.take_repeats(103.0, 60.0, everything=True) == [(first, 1)]
    assert buffer.waiting == 0


def test_the_windows_are_bounded_and_none_of_their_repeats_is_lost():
    buffer = Buffer()
    for number in range(10_000):
        item = snapshot(created=100.0, key=(number,))
        buffer.put(item, 20_000)
        item.state = {}
        buffer.repeat((number,), 101.0, 60.0)
    assert sum(count for _, count in buffer.take_repeats(101.0, 60.0, everything=True)) == 10_000


def test_every_call_is_counted_once_over_threads():
    buffer = Buffer()
    taken: list = []

    def call(worker):
        for number in range(3_000):
            key = (number % 50,)
            if buffer.repeat(key, 100.0, 60.0) is None:
                buffer.put(snapshot(key=key), 100_000)
            buffer.put(snapshot(), 100_000)
            if number % 100 == 0:
                taken.extend(buffer.take(37))

    threads = [threading.Thread(target=call, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.extend(buffer.take(10**6))
    assert len(taken) + buffer.stats.repeats == buffer.stats.taken == 6 * 3_000 * 2
    for item in taken:
        item.state = {}
    told = sum(count for _, count in buffer.take_repeats(100.0, 60.0, everything=True))
    assert told == buffer.stats.repeats
