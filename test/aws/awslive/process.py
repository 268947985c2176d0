"""A container's process: real, in a session of its own, ended with all that it started."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable

# In the environment of every process of a task: how its children are found
# that left its process group.
MARK = "ONRUSH_TEST_FARGATE_TASK"
CONTAINER = "ONRUSH_TEST_FARGATE_CONTAINER"


class Container:
    """One container of a task."""

    def __init__(self, name: str, essential: bool, command: list[str], env: dict[str, str], stop_timeout: float) -> None:
        self.name, self.essential, self.command, self.env = name, essential, command, env
        self.stop_timeout = stop_timeout
        self.process: subprocess.Popen[bytes] | None = None
        self.exit_code: int | None = None
        self.reason = ""
        self.runtime_id = ""
        self._ended = threading.Event()

    def start(self, write: Callable[[str], None], ended: Callable[["Container"], None]) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/tmp",
        )
        reader = threading.Thread(target=self._read, args=(write,), daemon=True)
        reader.start()
        threading.Thread(target=self._wait, args=(reader, ended), daemon=True).start()

    def _read(self, write: Callable[[str], None]) -> None:
        assert self.process and self.process.stdout
        for line in self.process.stdout:
            write(line.decode(errors="replace").rstrip("\n"))

    def _wait(self, reader: threading.Thread, ended: Callable[["Container"], None]) -> None:
        assert self.process
        code = self.process.wait()
        kill_group(self.process.pid, signal.SIGKILL)
        kill_marked(self.env[MARK], self.name)
        reader.join(5)
        # A container that a signal ended has the code that a shell gives it.
        self.exit_code = 128 - code if code < 0 else code
        self._ended.set()
        ended(self)

    def stop(self) -> None:
        """SIGTERM, then SIGKILL, as StopTask does. Returns when it has ended."""
        if not self.process or self._ended.is_set():
            return
        kill_group(self.process.pid, signal.SIGTERM)
        if not self._ended.wait(self.stop_timeout):
            kill_group(self.process.pid, signal.SIGKILL)
            kill_marked(self.env[MARK], self.name)
            self._ended.wait(10)

    def kill(self) -> None:
        if self.process and not self._ended.is_set():
            kill_group(self.process.pid, signal.SIGKILL)


def kill_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


class Scanner:
    """Finds processes by their marks. Those who ask at the same time share one look at /proc."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._begun = self._done = 0
        self._found: dict[str, list[tuple[int, str]]] = {}

    def look(self) -> dict[str, list[tuple[int, str]]]:
        """All marked processes, by task: their ids and containers. The look began after the call."""
        with self._lock:
            need = self._begun + 1
        with self._looking:
            if self._done < need:
                with self._lock:
                    self._begun += 1
                self._found = scan()
                self._done = self._begun
            return self._found


def scan() -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as f:
                environ = f.read()
        except OSError:
            continue  # gone, or not ours
        if MARK.encode() not in environ:
            continue
        values = dict(item.split(b"=", 1) for item in environ.split(b"\0") if b"=" in item)
        task = values.get(MARK.encode(), b"").decode()
        found.setdefault(task, []).append((int(name), values.get(CONTAINER.encode(), b"").decode()))
    return found


SCANNER = Scanner()


def kill_marked(task: str, container: str) -> None:
    """Ends what a container started and what left its group, as its namespace's end would."""
    for _ in range(20):
        left = [pid for pid, name in SCANNER.look().get(task, []) if name == container]
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)
