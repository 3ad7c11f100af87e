"""The examiner's handle on a student session: cells to run, names to find, functions to call.

A session that dies or runs out of time is ended, its reason is told, and a new one is started from the
cells that finished, so that one bad cell costs one exercise.
"""

import os
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from autograder import bounds, clock, wire
from autograder.warm import Warm


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Seconds of wall time; bytes of memory, of one written file and of all; open files; threads.
    """

    cell: float = 10.0
    notebook: float = 60.0
    memory: int = 2 * 2**30
    file_size: int = 16 * 2**20
    scratch: int = 64 * 2**20
    files: int = 128
    threads: int = 64

    def resources(self) -> dict[str, int]:
        """The limits that the operating system enforces on the session."""
        return {
            "memory": self.memory,
            "file_size": self.file_size,
            "scratch": self.scratch,
            "files": self.files,
            "threads": self.threads,
            "cpu": int(self.notebook) + 1,
        }


# What a reply must hold, and of which types: whatever a session sends, it is looked at first.
Types = type | tuple[type, ...]
NOTHING = type(None)
ERROR: dict[str, Types] = {"type": str, "kinds": list, "text": str}
REPLIES: dict[str, dict[str, Types]] = {
    "lend": {},
    "run": {"outputs": list, "error": (dict, NOTHING)},
    "find": {"found": bool, "error": (dict, NOTHING), "value": object},
    "call": {"error": (dict, NOTHING), "value": object, "arguments": list, "text": str},
}
CALL_BACK: dict[str, Types] = {"call_back": int, "args": tuple, "kwargs": dict}
# How large a reply may be: what a cell shows is only kept, other replies are computed with.
SIZES = {"run": wire.LIMIT}
OUTPUT_BYTES = 8 * 2**20  # of one output of a cell
KEPT = 8 * 2**20  # characters of all outputs of a notebook
OUTPUTS = 24  # outputs of a cell: a session sends fewer
# What is kept of a cell's display: what a page can show without running it.
SHOWN = ("text/plain", "text/latex", "image/png", "image/jpeg")
TEXT = 60_000  # characters kept of what a call printed
MESSAGE = 2_000  # characters kept of an error's message, and of a line of its traceback
LINES = 100  # lines kept of a traceback


class Ended(BaseException):
    """The session was ended while it worked: `status` is timeout, memory or killed.

    Not an Exception: a check that catches what a student's function raises must not catch this.
    """

    def __init__(self, status: str, reason: str):
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass
class Student:
    """One submission's session.

    lent: functions of the examiner's that the student's code may call, by their names in the library.
    Usable as a context; `text` has what the student's functions printed in the last calls.
    """

    warm: Warm
    limits: Limits = field(default_factory=Limits)
    lent: dict[str, Callable] = field(default_factory=dict)

    def __enter__(self) -> "Student":
        # In the sandbox, a session has a folder of its own making.
        self.folder = tempfile.TemporaryDirectory(prefix="session-") if self.warm.trusted else None
        self.ran: list[str] = []
        self.text: deque[str] = deque(maxlen=8)
        self.room = KEPT
        self.spent = 0.0
        self.generation = 0
        self.asked = 0
        self.sock: socket.socket | None = None
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()
        if self.folder:
            self.folder.cleanup()

    # ---- what the examiner asks for

    def run(self, source: str) -> dict[str, Any]:
        """Run a cell: its outputs and its error. Raises Ended."""
        reply = self._ask({"do": "run", "source": source})
        outputs = [_output(item) for item in reply["outputs"][:OUTPUTS]]
        self.room -= sum(map(_length, outputs))
        reply["outputs"] = outputs if self.room >= 0 else [_output(TOO_MUCH)]
        error = reply["error"]
        if error and error["type"] == "MemoryError":
            raise Ended("memory", "it asked for more memory than it may have")
        self.ran.append(source)
        return reply

    def find(self, name: str) -> Any:
        """The value of a name: plain data, or a proxy of a function. Raises KeyError, Ended."""
        reply = self._ask({"do": "find", "name": name})
        if not reply["found"]:
            raise KeyError(name)
        if reply["error"]:
            raise TypeError(f"{name} is something else: {reply['error']['text']}")
        return reply["value"]

    # ---- how it gets there

    def _proxy(self, number: int) -> Callable:
        generation = self.generation

        def student_function(*args: Any, **kwargs: Any) -> Any:
            if generation != self.generation:
                raise Ended("killed", "its session has ended")
            reply = self._ask({"do": "call", "function": number, "args": args, "kwargs": kwargs})
            self.text.append(reply["text"][:TEXT])
            error = reply["error"]
            if error:
                raise _exception(error)
            for argument, after in zip((*args, *kwargs.values()), reply["arguments"], strict=False):
                wire.write_back(argument, after)
            return reply["value"]

        return student_function

    @clock.limit(None)
    def _ask(self, request: dict[str, Any]) -> Any:
        """Send a request and wait for its reply, serving call-backs. Raises Ended."""
        if self.spent >= self.limits.notebook:
            self._end()
            raise Ended("timeout", self._too_long(total=True))
        if self.sock is None:
            self._start()
        assert self.sock is not None
        self.asked += 1
        request["asked"] = self.asked
        started = time.monotonic()
        deadline = started + min(self.limits.cell, self.limits.notebook - self.spent)
        functions = list(self.lent.values())

        def export(function: Callable) -> int:
            functions.append(function)
            return len(functions) - 1

        try:
            message = wire.pack(request, export)
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                self.sock.settimeout(left)
                wire.send(self.sock, message)
                size = SIZES.get(request["do"], wire.VALUE)
                data = wire.receive(self.sock, size, deadline)
                with clock.limit(deadline - time.monotonic()):
                    reply = wire.unpack(data, self._proxy)
                if not isinstance(reply, dict) or reply.get("asked") != self.asked:
                    raise wire.WireError("an answer to no question")
                if "call_back" not in reply:
                    _require(reply, REPLIES[request["do"]])
                    if request["do"] != "run":
                        wire.check_words((reply.get("value"), reply.get("arguments")))
                    return reply
                _require(reply, CALL_BACK)
                wire.check_words((reply["args"], reply["kwargs"]))
                if len(data) > wire.SMALL:
                    raise wire.WireError(f"a call with more than {wire.SMALL} bytes")
                with bounds.memory(), clock.limit(deadline - time.monotonic()):
                    message = wire.pack(self._serve_call_back(functions, reply))
        except MemoryError:
            self._end()
            raise Ended("memory", "it had the test compute something too large") from None
        except (TimeoutError, clock.TooLong):
            self._end()
            total = self.spent + time.monotonic() - started >= self.limits.notebook
            raise Ended("timeout", self._too_long(total)) from None
        except wire.Closed:
            raise Ended(*_cause(self._end(dead=True))) from None
        except wire.WireError as error:
            self._end()
            raise Ended("killed", f"its session answered with something else: {error}") from None
        finally:
            self.spent += time.monotonic() - started

    def _too_long(self, total: bool) -> str:
        seconds = self.limits.notebook if total else self.limits.cell
        whole = "the whole notebook" if total else "it"
        return f"{whole} ran longer than {seconds:g} seconds"

    @staticmethod
    def _serve_call_back(functions: list[Callable], reply: dict[str, Any]) -> dict[str, Any]:
        """Call one of our own functions for the student's code.

        What it returned or raised goes back, and what it left of its arguments.
        """
        args, kwargs = reply["args"], reply["kwargs"]
        answer: dict[str, Any] = {"error": None, "value": None}
        try:
            if not 0 <= reply["call_back"] < len(functions):
                raise IndexError("there is no such function")
            answer["value"] = functions[reply["call_back"]](*args, **kwargs)
        except Exception as error:
            answer["error"] = wire.describe(error)
        given = (*args, *kwargs.values())
        return answer | {"arguments": [wire.changeable(argument) for argument in given]}

    def _start(self) -> None:
        folder = self.folder.name if self.folder else ""
        self.sock, self.session = self.warm.fork(self.limits.resources(), folder)
        self.generation += 1
        if self.lent:
            self._ask({"do": "lend", "names": list(self.lent)})
        for source in list(self.ran):
            self._ask({"do": "run", "source": source})

    def _end(self, dead: bool = False) -> int:
        """End the session, if there is one; how it had ended, as `Warm.end` says."""
        if self.sock is None:
            return 0
        sock, self.sock = self.sock, None
        with sock:
            return self.warm.end(self.session, dead)


def _require(reply: dict[str, Any], wanted: dict[str, Types]) -> None:
    """Raise WireError for a reply that does not hold what it must."""
    for key, types in wanted.items():
        if key not in reply or not isinstance(reply[key], types):
            raise wire.WireError(f"a reply without its {key}")
    if reply.get("error") is not None:
        _require(reply["error"], ERROR)
        reply["error"] = _error(reply["error"])


def _error(error: dict[str, Any]) -> dict[str, Any]:
    """An error's description, made anew, and no longer than one can read."""
    kinds, traceback = error["kinds"][:LINES], error.get("traceback", [])
    if not isinstance(traceback, list):
        raise wire.WireError("an error that is no text")
    lines = traceback[-LINES:]
    if not all(isinstance(word, str) for word in (*kinds, *lines)):
        raise wire.WireError("an error that is no text")
    return {
        "type": error["type"][:100],
        "kinds": kinds,
        "text": error["text"][:MESSAGE],
        "traceback": [line[:MESSAGE] for line in lines],
    }


def _output(item: Any) -> dict[str, Any]:
    """A cell's output, made anew from the parts that a notebook knows."""
    item = item if isinstance(item, dict) else {}
    text, data = item.get("text"), item.get("data")
    if item.get("output_type") == "stream" and isinstance(text, str):
        name = "stderr" if item.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": text[:OUTPUT_BYTES]}
    kept = {}
    for mime, content in (data if isinstance(data, dict) else {}).items():
        if mime in SHOWN and isinstance(content, str):
            kept[mime] = content[:OUTPUT_BYTES]
    told = item.get("metadata")
    told = told.get("image/png") if isinstance(told, dict) else None
    alt = told.get("alt") if isinstance(told, dict) else None
    metadata = {"image/png": {"alt": alt[:MESSAGE]}} if isinstance(alt, str) and alt else {}
    return {"output_type": "display_data", "data": kept, "metadata": metadata}


TOO_MUCH = {"output_type": "stream", "text": "(this notebook showed too much; this is not kept)\n"}


def _length(output: dict[str, Any]) -> int:
    return sum(map(len, output["data"].values() if "data" in output else [output["text"]]))


def _exception(error: dict[str, Any]) -> BaseException:
    """The exception that a student's function raised, as the examiner's own of the same name."""
    if error["type"] == "MemoryError":
        return Ended("memory", "it asked for more memory than it may have")
    return wire.exception(error)


def _cause(status: int) -> tuple[str, str]:
    """Status and reason of a session that ended by itself, from what `os.waitpid` said of it.

    A function can choose by which signal it ends, and so tell of a hidden test: the number is not told.
    """
    if status < 0:
        return "killed", "it shut its line to the examiner"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            return "timeout", "it used up its processor time"
        crashed = number in (
            signal.SIGSEGV,
            signal.SIGABRT,
            signal.SIGBUS,
            signal.SIGFPE,
            signal.SIGILL,
        )
        return "killed", "it crashed" if crashed else "its process was ended by a signal"
    return "killed", "it ended its own process"
