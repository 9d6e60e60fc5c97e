"""GroupCommit: each writer gets his own answer, whoever wrote for him."""

import threading

import pytest

from recsys.errors import StoreBusy
from recsys.store.group_commit import GroupCommit


def together(group, values):
    """Bring values from as many threads at once; return what each got, or its error."""
    found, start = {}, threading.Barrier(len(values))

    def bring(value):
        start.wait()
        try:
            found[value] = group.add(value)
        except ValueError as error:
            found[value] = str(error)

    threads = [threading.Thread(target=bring, args=(value,)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_those_who_wait_are_written_together():
    sizes, gate = [], threading.Event()

    def write(values):
        if not sizes:
            gate.wait(5)
        sizes.append(len(values))
        return [10 * value for value in values]

    group = GroupCommit(write)
    first = threading.Thread(target=group.add, args=(0,))
    first.start()
    rest = threading.Thread(target=lambda: found.update(together(group, range(1, 9))))
    found = {}
    rest.start()
    while len(group._waiting) < 8:
        pass
    gate.set()
    first.join()
    rest.join()
    assert found == {n: 10 * n for n in range(1, 9)}
    assert sizes == [1, 8]


def test_one_who_is_at_fault_fails_alone():
    written = []

    def write(values):
        if 3 in values:
            raise ValueError("not 3")
        written.extend(values)
        return [value + 1 for value in values]

    found = together(GroupCommit(write), range(8))
    assert found == {n: n + 1 for n in range(8)} | {3: "not 3"}
    assert sorted(written) == [0, 1, 2, 4, 5, 6, 7]


def test_after_a_failure_the_next_is_served():
    answers = iter([ValueError("full"), None])

    def write(values):
        if error := next(answers):
            raise error
        return list(values)

    group = GroupCommit(write)
    with pytest.raises(ValueError, match="full"):
        group.add(1)
    assert group.add(2) == 2


def test_a_busy_store_is_waited_for_once_by_all_who_wait_together():
    tries = []

    def write(values):
        tries.append(len(values))
        raise StoreBusy("another writer")

    group = GroupCommit(write)
    group._waiting = [_ticket(n) for n in range(5)]
    with pytest.raises(StoreBusy):
        group.add(5)
    assert tries == [6]


def _ticket(value):
    from recsys.store.group_commit import _Ticket

    return _Ticket(value)
