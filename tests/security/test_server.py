"""The server answers its own pages, keeps others out, and stays up whatever is sent to it."""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import websockets

from simvet.cli import main
from simvet.screen.settings import MOST_UPLOAD

PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    log = folder / "log.txt"
    program = [sys.executable, "-m", "simvet.cli", "app", "--no-browser", "--port", str(port)]
    started = Path(sys.executable).parent / "simvet"
    if started.exists():
        program[:3] = [str(started)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            program, stdout=out, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True,
            env={**os.environ, "SIMVET_CACHE": str(folder / "cache")},
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).read()  # noqa: S310 - our own server
            break
        except OSError:
            time.sleep(0.2)
    else:
        pytest.fail(f"the server did not start: {log.read_text(errors='replace')[-500:]}")
    yield address
    os.killpg(process.pid, 15)
    process.wait(timeout=20)
    told = log.read_text(errors="replace")
    # Streamlit notes rubbish on the line with a traceback of its own; nothing of ours may stand in any.
    assert told.count("Traceback") == told.count("back_msg.ParseFromString"), told[-2000:]
    assert "simvet/screen" not in told.split("URL:")[-1], told[-2000:]
    assert {path.name for path in folder.iterdir()} <= {"log.txt", "cache"}


def asked(url: str, data: bytes | None = None, headers: dict[str, str] | None = None, method: str = "GET"):
    request = urllib.request.Request(url, data=data, headers=headers or {}, method=method)  # noqa: S310 - our own
    try:
        answer = urllib.request.urlopen(request, timeout=20)  # noqa: S310 - our own server
        return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def is_up(server: str) -> bool:
    return asked(f"{server}/_stcore/health")[0] == 200


def test_the_page_says_its_language_and_lets_the_browser_call_nobody_else(server):
    for path in ("/", "/students", "/data", "/takeaway"):
        status, headers, body = asked(server + path, headers={"Accept-Encoding": "gzip"})
        assert status == 200
        assert b'<html lang="zh-CN">' in body
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_the_font_comes_from_the_server_itself(server):
    status, headers, body = asked(f"{server}/simvet-font.ttf")
    assert (status, headers["content-type"]) == (200, "font/ttf")
    assert body[:4] == b"\x00\x01\x00\x00"


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/static/../../../etc/passwd", "/app/static/x",
        "//etc/passwd", "/media/../../etc/passwd", "/simvet-font.ttf/../../../etc/passwd",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_server(server, path):
    _, _, body = asked(server + path)
    assert b"root:" not in body
    assert is_up(server)


def test_an_address_that_is_too_long_or_malformed_is_survived(server):
    for query in ("s=" + "A" * 60_000, "s=%ff%fe%00", "s=1.%00.x&s=2&lang=" + "%0d%0a" * 50, "=&&&?%", "lang[]=en"):
        asked(f"{server}/?{query}")
        assert is_up(server)


async def _joined(server: str, origin: str | None, messages: list[bytes]) -> bool:
    address = server.replace("http", "ws") + "/_stcore/stream"
    try:
        async with websockets.connect(address, origin=origin, subprotocols=["streamlit"], open_timeout=10) as line:
            for message in messages:
                await line.send(message)
            await asyncio.sleep(0.3)
        return True
    except (websockets.exceptions.WebSocketException, OSError):
        return False


def spoken(conversation) -> bool:
    """Hold a conversation in a thread of its own: a browser test before this one may have left a loop running here."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, conversation).result()


def test_a_page_of_another_site_cannot_speak_to_the_server(server):
    assert not spoken(_joined(server, "https://elsewhere.example", []))
    assert spoken(_joined(server, server, []))


def test_rubbish_on_the_line_is_survived(server):
    spoken(_joined(server, server, [b"\x00" * 10, b"\xff" * 100_000, b"{}", b""]))
    assert is_up(server)


def test_a_file_sent_without_the_servers_own_token_is_refused(server):
    body = b"--x\r\nContent-Disposition: form-data; name=f; filename=a.xlsx\r\n\r\nPK\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    for method in ("PUT", "POST", "DELETE"):
        status, _, _ = asked(f"{server}/_stcore/upload_file/session/file", body, kind, method)
        assert status in (400, 403, 404, 405)


def test_a_file_beyond_the_limit_is_refused(server):
    size = MOST_UPLOAD * 1_000_000 + 2_000_000
    body = b"--x\r\nContent-Disposition: form-data; name=f; filename=a.xlsx\r\n\r\n" + b"P" * size + b"\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    try:
        status, _, _ = asked(f"{server}/_stcore/upload_file/session/file", body, kind, "PUT")
        assert status >= 400
    except OSError:
        pass  # the line was cut while the rest was still being sent: refused as well
    assert is_up(server)


def test_a_port_that_is_taken_is_told_in_one_line(server, capsys):
    port = server.rsplit(":", 1)[1]
    assert main(["app", "--no-browser", "--port", port]) == 2
    told = capsys.readouterr().err
    assert "无法使用" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--address", ""], "不是有效的地址"), (["--address", "nonsense"], "不是有效的地址"),
        (["--port", "99999"], "无法使用"), (["--address", "203.0.113.9"], "无法使用"),
    ],
)  # fmt: skip
def test_an_address_or_port_that_cannot_be_is_told_in_one_line(given, told, capsys):
    assert main(["app", "--no-browser", *given]) == 2
    line = capsys.readouterr().err
    assert told in line
    assert "Traceback" not in line
    assert len(line.strip().splitlines()) == 1


def test_nothing_goes_on_when_the_server_is_stopped(tmp_path):
    port = free_port()
    program = [sys.executable, "-c", f"from simvet.cli import main; main(['app', '--no-browser', '--port', '{port}'])"]
    process = subprocess.Popen(
        program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path,
        env={**os.environ, "SIMVET_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and len(psutil.Process(process.pid).children(recursive=True)) < 3:
        time.sleep(0.2)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 3, "server, quick worker and sharpener were expected"
    process.terminate()
    _, left = psutil.wait_procs(
        [*family, psutil.Process(process.pid)] if process.poll() is None else family, timeout=20
    )
    assert not left
