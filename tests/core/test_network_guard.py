"""The guard of the suite itself: what leaves this machine is refused, what stays on it is not."""

import socket
import subprocess
import sys
from pathlib import Path

ATTEMPT = """
import asyncio, socket, threading

def swallowed():
    try:
        socket.create_connection(("192.0.2.1", 9), timeout=1)
    except OSError:
        pass

def test_in_a_thread():
    thread = threading.Thread(target=swallowed)
    thread.start()
    thread.join()

def test_by_name():
    try:
        socket.getaddrinfo("example.org", 80)
    except OSError:
        pass

def test_from_a_loop():
    async def connect():
        try:
            await asyncio.open_connection("192.0.2.1", 9)
        except OSError:
            pass
    asyncio.run(connect())
"""


def test_reaching_out_fails_the_test_even_when_swallowed(tmp_path: Path) -> None:
    conftest = Path(__file__).resolve().parents[1] / "conftest.py"
    (tmp_path / "conftest.py").write_text(conftest.read_text())
    (tmp_path / "test_attempt.py").write_text(ATTEMPT)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, check=False)
    assert "3 passed, 3 errors" in done.stdout


def test_this_machine_is_within_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    left, right = socket.socketpair()
    left.close()
    right.close()
    assert socket.getaddrinfo("localhost", 80)
