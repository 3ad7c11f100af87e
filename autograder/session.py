"""A student session: the process that runs a student's cells and answers calls of their functions.

It runs in a child of the warm process (see `warm`), imports what lessons import and nothing of the
tests. The examiner drives it over a socket: `run` a cell, `find` a name, `call` a function.
"""

import contextlib
import io
import itertools
import os
import resource
import socket
import sys
from collections.abc import Callable
from typing import Any

from IPython.core.displayhook import CapturingDisplayHook, DisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder import absent, walls, wire

TEXT_LIMIT = 50_000  # characters kept of what one cell or call prints
OUTPUT_LIMIT = 2 * 2**20  # characters kept of one displayed output
OUTPUTS = 20  # displayed outputs kept of one cell
# Run before any student's cell, so that what is loaded and made at its first use is there for all of them.
REHEARSED = (
    "import numpy as np\ndef f(x):\n    return x",
    "f(np.zeros(3).sum())",
    "1 / 0",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2])",
)
TRACEBACK = 60  # lines kept of a traceback


class Text(io.StringIO):
    """A stream that keeps its beginning and drops the rest, so that printing cannot fill memory."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """Keep what there is room for; tell the writer that all of it was written."""
        room = TEXT_LIMIT - self.tell()
        text = wire.clean(text)
        if len(text) > room > 0:
            super().write(text[:room] + "\n… (the rest of this output was cut)\n")
        elif room > 0:
            super().write(text)
        return len(text)


def limit_resources(limits: dict[str, int]) -> None:
    """Bound this process: sizes in bytes, `cpu` in seconds; no core dumps.

    threads: 0 where they cannot be told from the user's other processes. No system counts root's.
    """
    if limits["threads"]:
        resource.setrlimit(resource.RLIMIT_NPROC, (limits["threads"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits["files"],) * 2)
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"],) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file_size"],) * 2)
    # The soft limit's signal tells what happened; the hard limit would only kill.
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"] + 1))


def prepare() -> InteractiveShell:
    """Make the shell that runs cells; the warm process does so once, and every session inherits it."""
    import matplotlib

    matplotlib.use("module://matplotlib_inline.backend_inline")  # a notebook's own
    absent.install()
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    # A notebook's plots are in its cells, and graded ones are PNG: the magic that says so, or asks for another
    # way that needs more than there is, has nothing to do.
    shell.register_magic_function(lambda line: None, magic_name="matplotlib")  # type: ignore
    # `exit()` in a cell asks the shell to end; a session ends only with its socket.
    shell.ask_exit = lambda: None  # type: ignore
    names = dict(shell.user_ns)
    for cell in REHEARSED:
        with contextlib.redirect_stdout(Text()):
            shell.run_cell(cell, store_history=False)
            _flush_figures()
    shell.user_ns.clear()
    shell.user_ns.update(names)
    shell.user_ns["_oh"].clear()
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        sys.__dict__.pop(name, None)
    numbers = itertools.count(1)
    # By this name warnings call a cell.
    shell.compile.get_code_name = lambda *_: f"<cell {next(numbers)}>"  # type: ignore
    return shell


class Server:
    """The session's side of the socket."""

    def __init__(self, sock: socket.socket):
        self.sock = sock
        self.pid = os.getpid()
        self.asked = 0  # the number of the request that is being answered
        self.functions: list[Callable] = []
        self.shell = InteractiveShell.instance()
        self.shell._showtraceback = self._keep_traceback  # type: ignore
        self.traceback: list[str] = []

    def _keep_traceback(self, etype: type, evalue: BaseException, lines: list[str]) -> None:
        self.traceback = lines

    def serve(self) -> None:
        """Answer requests until the other side ends."""
        while True:
            try:
                request = self._receive()
            except wire.Closed:
                return
            work = getattr(self, f"do_{request.pop('do')}")
            self.asked = request.pop("asked")
            self._send(work(**request))

    def _receive(self) -> dict[str, Any]:
        self._end_if_forked()
        return wire.unpack(wire.receive(self.sock), self._call_back)

    def _send(self, reply: dict[str, Any]) -> None:
        self._end_if_forked()
        reply = reply | {"asked": self.asked}
        wire.send(self.sock, wire.pack(reply, self._export, tell_odd=True))

    def _end_if_forked(self) -> None:
        # A child that the student's code forked comes back here too; only one may answer.
        if os.getpid() != self.pid:
            os._exit(0)

    def _export(self, function: Callable) -> int:
        self.functions.append(function)
        return len(self.functions) - 1

    def _call_back(self, number: int) -> Callable:
        """A stand-in for a function of the examiner's, for the student's code to call."""

        def function(*args, **kwargs):
            self._send({"call_back": number, "args": args, "kwargs": kwargs})
            reply = self._receive()
            for argument, after in zip((*args, *kwargs.values()), reply["arguments"], strict=True):
                wire.write_back(argument, after)
            if reply["error"]:
                raise wire.exception(reply["error"])
            return reply["value"]

        return function

    def do_lend(self, names: list[str]) -> dict[str, Any]:
        """Stand the examiner's first functions in the library's place, under these names."""
        for number, name in enumerate(names):
            absent.lend(name, self._call_back(number))
        return {}

    def do_run(self, source: str) -> dict[str, Any]:
        """Run a cell; reply with its outputs as a notebook keeps them, and its error if it had one."""
        shell, out, err = self.shell, Text(), Text()
        self.traceback = []
        published: list[dict] = []
        shell.display_pub = CapturingDisplayPublisher()
        shell.display_pub.outputs = published
        hook = CapturingDisplayHook(shell=shell, outputs=published)
        shell.display_trap.hook = (lambda value: None) if _ends_in_a_semicolon(source) else hook
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            result = shell.run_cell(source, store_history=False)
            _flush_figures()
        outputs: list[dict] = [
            {"output_type": "stream", "name": name, "text": stream.getvalue()}
            for name, stream in (("stdout", out), ("stderr", err))
            if stream.getvalue()
        ]
        shown = [item for item in published if item["data"]]
        for item in shown[:OUTPUTS]:
            outputs.append(
                {
                    "output_type": "display_data",
                    "data": {str(mime): _text(data) for mime, data in item["data"].items()},
                    "metadata": _alt_texts(item.get("metadata")),
                }
            )
        if len(shown) > OUTPUTS:
            text = f"… ({len(shown) - OUTPUTS} more displays are not kept)\n"
            outputs.append({"output_type": "stream", "name": "stdout", "text": text})
        error = result.error_before_exec or result.error_in_exec
        if not error:
            return {"outputs": outputs, "error": None}
        lines = "\n".join(self.traceback).splitlines()[-TRACEBACK:]
        traceback = [wire.clean(line[:2000]) for line in lines]
        return {"outputs": outputs, "error": wire.describe(error) | {"traceback": traceback}}

    def do_find(self, name: str) -> dict[str, Any]:
        """Look a name up: a function becomes a proxy of the examiner's, data crosses as it is."""
        if name not in self.shell.user_ns:
            return {"found": False, "error": None, "value": None}
        value = self.shell.user_ns[name]
        try:
            wire.pack(value, self._export)
        except wire.WireError as error:
            return {"found": True, "error": wire.describe(error), "value": None}
        return {"found": True, "error": None, "value": value}

    def do_call(self, function: int, args: tuple, kwargs: dict) -> dict[str, Any]:
        """Call a function; reply with its value or error, its arguments afterwards, and its text."""
        text = Text()
        reply: dict[str, Any] = {"error": None, "value": None}
        try:
            with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
                value = self.functions[function](*args, **kwargs)
            try:
                wire.pack(value, self._export, tell_odd=True)
                reply["value"] = value
            except wire.WireError as error:
                raise TypeError(f"it returned something else: {error}") from None
        except wire.Closed:
            raise
        except BaseException as error:  # even exit() is only this call's answer
            reply["error"] = wire.describe(error)
        reply["arguments"] = [wire.changeable(a) for a in (*args, *kwargs.values())]
        reply["text"] = text.getvalue()
        return reply


def _ends_in_a_semicolon(source: str) -> bool:
    """Whether a cell's last value is not to be shown, as in a notebook."""
    try:
        return bool(DisplayHook.semicolon_at_end_of_expression(source))
    except Exception:  # what the tokenizer raises for a cell that is no Python
        return False


def _flush_figures() -> None:
    """Show the figures that a cell drew, as a notebook's inline backend does after each cell."""
    from matplotlib_inline.backend_inline import flush_figures

    with contextlib.suppress(Exception):
        flush_figures()


def _alt_texts(metadata: object) -> dict[str, dict[str, str]]:
    """Of a display's metadata, the words that stand for its picture."""
    kinds = metadata.items() if isinstance(metadata, dict) else ()
    found = {str(mime): told.get("alt") for mime, told in kinds if isinstance(told, dict)}
    return {mime: {"alt": _text(alt)} for mime, alt in found.items() if isinstance(alt, str)}


def _text(data: object) -> str:
    if isinstance(data, bytes):
        import base64

        data = base64.b64encode(data).decode()
    text = data if isinstance(data, str) else repr(data)
    text = wire.clean(text)
    return text if len(text) <= OUTPUT_LIMIT else "(an output too large to keep)"


def serve(sock: socket.socket, limits: dict[str, int], folder: str, system_calls: bytes) -> None:
    """Be a student session in `folder` until the socket closes; the process ends with it.

    system_calls: the filter program to live under; empty where submissions are trusted.
    """
    os.chdir(folder)
    os.environ.update(HOME=folder, TMPDIR=folder, MPLCONFIGDIR=folder, IPYTHONDIR=folder)
    sys.path[:0] = [folder]
    limit_resources(limits if system_calls else limits | {"threads": 0})
    server = Server(sock)
    if system_calls:
        walls.give_up_rights(system_calls)
    server.serve()
