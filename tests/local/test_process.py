"""ローカルプロセス: ports, the leash that ends a server with its starter, and the log's end."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from streams.local import process

_STARTER = """
import subprocess, time
from streams.local import process
child = subprocess.Popen(process.leashed(["/bin/sleep", "600"]))
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_port_with_a_listener_is_not_free() -> None:
    port = process.free_port()
    assert process.is_free(port)
    assert not process.accepts(port)
    with socket.create_server((process.LOOPBACK, port)):
        assert not process.is_free(port)
        assert process.accepts(port)


def test_what_is_leashed_ends_with_its_starter() -> None:
    starter = subprocess.Popen([sys.executable, "-c", _STARTER], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    assert process.wait_until(lambda: process.command_line(pid).strip() == "/bin/sleep 600", 10)

    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    assert process.wait_until(lambda: process.command_line(pid) == "", 10)


def test_the_leash_can_be_left_open() -> None:
    command = process.leashed(["/bin/sh", "-c", "exit 7"], death_signal=None)
    assert subprocess.run(command, check=False).returncode == 7


def test_a_process_that_is_gone_has_no_command_line() -> None:
    child = subprocess.Popen(["/bin/sleep", "600"])
    assert process.wait_until(lambda: process.command_line(child.pid).split() == ["/bin/sleep", "600"], 10)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert process.command_line(child.pid) == ""


def test_the_end_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert process.tail(log) == "(no log)"
    log.write_text("".join(f"{number}\n" for number in range(100)), "ascii")
    assert process.tail(log, 2) == "98\n99"


def test_waiting_ends_when_the_time_is_over() -> None:
    assert not process.wait_until(lambda: False, 0.1)
    assert process.wait_until(lambda: True, 0)


def test_threads_of_a_name_and_no_others_take_what_is_left() -> None:
    named, done = threading.Event(), threading.Event()
    numbers: list[int] = []

    def work() -> None:
        number = threading.get_native_id()
        Path(f"/proc/self/task/{number}/comm").write_text("C2 CompilerThre")
        numbers.append(number)
        named.set()
        done.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    assert named.wait(30)
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert process.yield_threads(os.getpid(), "C2 Compiler") == 1
    assert os.getpriority(os.PRIO_PROCESS, numbers[0]) == process.LEAST_PRIORITY
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
    done.set()
    thread.join()
