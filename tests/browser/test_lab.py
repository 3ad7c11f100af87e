"""The tests' own tools: what leaves this machine is stopped and counted."""

import http.server
import threading

import lab
import pytest

ASKS = {
    "fetch": "fetch('https://example.org/data.json').catch(() => 0)",
    "picture": "document.body.append(Object.assign(new Image(), {src: 'http://example.org/a.png'}))",
    "style": "document.head.append(Object.assign(document.createElement('link'),"
    " {rel: 'stylesheet', href: 'https://cdn.example.org/a.css'}))",
    "frame": "document.body.append(Object.assign(document.createElement('iframe'),"
    " {src: 'https://example.org/'}))",
    "socket": "void new WebSocket('wss://example.org/socket')",
    "lookalike": "fetch('http://localhost.example.org/').catch(() => 0)",
    "redirect": "fetch('/elsewhere').catch(() => 0)",
}


class Redirects(http.server.BaseHTTPRequestHandler):
    """An empty page, and one that sends the browser elsewhere."""

    def do_GET(self):
        self.send_response(302 if self.path == "/elsewhere" else 200)
        self.send_header("Location", "http://example.org/redirected")
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_):
        """Nothing to say."""


@pytest.fixture(scope="module")
def address():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirects) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("way", ASKS)
def test_what_leaves_is_stopped_and_counted(browser, address, way):
    context, asked = lab.shut_in(browser)
    page = context.new_page()
    answers = []
    page.on("response", lambda response: answers.append(response.url))
    page.goto(address)
    assert asked == []
    for _ in range(3):  # on a machine under load a first ask may get lost
        if not asked:
            page.evaluate(ASKS[way])
        for _ in range(200):
            if not asked:
                page.wait_for_timeout(50)
    context.close()
    assert len(asked) == 1 and "example.org" in asked[0]
    assert not [url for url in answers if "example.org" in url]


def test_files_and_this_machine_do_not_count(browser, address, tmp_path):
    file = tmp_path / "page.html"
    file.write_text("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>")
    context, asked = lab.shut_in(browser)
    page = context.new_page()
    page.goto(file.as_uri())
    page.goto(address)
    context.close()
    assert asked == []
