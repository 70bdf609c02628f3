"""Two third-party emulators of Slack from npm, pinned by hash: `local_slack(folder)` and `emulate(folder)`.

`local-slack` speaks Socket Mode and signed HTTP, has buttons and modals, and can be clicked; `emulate` has a second,
stricter Web API. They are installed once into the user's cache, outside the repository, and each test ends what it
started. A test is skipped, with the reason, where Node, npm or npm's registry is absent.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

TEAM, CHANNEL, DIGESTS = "T01TEST", "C01APPR", "C01DIG"
ALICE, BOB, OWEN, EVE = "U01ALICE", "U01BOB", "U01OWEN", "U01EVE"
HTTP_SECRET, SOCKET_SECRET = "http-signing-secret", "socket-signing-secret"
START_S = 30  # seconds that an emulator may take to start, npm ten times that

# npm checks each package against its hash before a byte of it is used
PINNED: dict[str, tuple[str, str, dict[str, str]]] = {
    "local-slack-linux-x64": (
        "0.1.8",
        "sha512-2BCTKxKajjZNWCSCj66Jq5VDScUDNpGZ1lA3281I8RvpDE4/ULCwC26TlcW6/4sPbSTs02Q3KjTiltJp3ZBEvg==",
        {},
    ),
    "emulate": (
        "0.11.2",
        "sha512-BHs1rG/yPQ4kM+9aUz7fg4MDn0MshxOs0Ch2ciuNFPsN4PfCxQWP/9DGFZx+h+RvcIwX5n+hV308Ba7SxBc6nQ==",
        {"commander": "^14", "picocolors": "^1.1.1", "yaml": "^2"},
    ),
    "commander": (
        "14.0.3",
        "sha512-H+y0Jo/T1RZ9qPP4Eh1pkcQcLRglraJaSLoyOtHxu6AapkjWVCy2Sit1QQ4x3Dng8qDlSsZEet7g5Pq06MvTgw==",
        {},
    ),
    "picocolors": (
        "1.1.1",
        "sha512-xceH2snhtb5M9liqDsmEw56le376mTZkEX/jEb/RxNFyegNul7eNslCXP9FDj/Lcu0X8KEyMceP2ntpaHrDEVA==",
        {},
    ),
    "yaml": (
        "2.9.1",
        "sha512-3NxN8+78OdzbT7C/WjGsyfPAtJaN3FNDsWxv7Y7mcDsT/oOmgW8BpyQQFFBnvZE3j9Y2Sdz1ULFLezL7Eb2yFw==",
        {},
    ),
}
ASKED = ("local-slack-linux-x64", "emulate")


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One app of the workspace: what a connection to it holds, and its id."""

    app_id: str
    bot_user: str
    token: str
    app_token: str
    signing_secret: str


SOCKET_APP = App(
    app_id="A01SOCK",
    bot_user="U0SOCK",
    token="xoxb-socket-token",
    app_token="xapp-socket-token",
    signing_secret=SOCKET_SECRET,
)
HTTP_APP = App(
    app_id="A02HTTP",
    bot_user="U0HTTP",
    token="xoxb-http-token",
    app_token="xapp-http-token",
    signing_secret=HTTP_SECRET,
)


@dataclass(slots=True, kw_only=True)
class LocalSlack:
    """A running local-slack, and a person's hands in it.

    Attributes:
        url: its address, without a slash at the end; `api` is the one for a client.
        process: to be stopped (SIGSTOP) or ended by a test of faults.
    """

    url: str
    process: subprocess.Popen[str]
    _opened: Any = None
    _ui: Any = None

    @property
    def api(self) -> str:
        """The base URL of its Web API."""
        return f"{self.url}/api/"

    def messages(self, channel: str = CHANNEL) -> list[dict[str, Any]]:
        """A channel's messages, oldest first; those for one person only have `ephemeral_to`."""
        found: list[dict[str, Any]] = self._ask(f"/messages/{channel}")["messages"]
        return found

    def message(self, ts: str, channel: str = CHANNEL) -> dict[str, Any]:
        """The message of that timestamp."""
        return next(one for one in self.messages(channel) if one["ts"] == ts)

    def buttons(self, ts: str, channel: str = CHANNEL) -> dict[str, dict[str, Any]]:
        """A message's buttons by their action_id."""
        return {
            element["action_id"]: {**element, "block_id": block.get("block_id")}
            for block in self.message(ts, channel).get("blocks", [])
            for element in [*block.get("elements", []), *filter(None, [block.get("accessory")])]
            if element.get("type") == "button"
        }

    def click(self, ts: str, action_id: str, *, user: str, channel: str = CHANNEL) -> None:
        """Press a button of a message; returns when the app has acknowledged."""
        self.interact(ts, self.buttons(ts, channel)[action_id], user=user, channel=channel)

    def interact(self, ts: str, action: Mapping[str, Any], *, user: str, channel: str = CHANNEL) -> None:
        """Send any action, also one that the message does not hold."""
        self._ask("/interact", {"channel": channel, "messageTs": ts, "user": user, "action": dict(action)})

    def watch(self) -> None:
        """From now on keep what the workspace shows: modals, errors in them, messages. Call it before a click."""
        from websockets.sync.client import connect

        if self._ui is None:
            self._opened = connect(f"{self.url.replace('http', 'ws', 1)}/ui", max_size=None)
            self._ui = self._opened.__enter__()
            self.wait(lambda event: event["t"] == "init")

    def wait(self, wanted: Callable[[dict[str, Any]], bool], *, timeout: float = 15) -> dict[str, Any]:
        """The next event of the workspace that is wanted, or TimeoutError; those before it are dropped."""
        while True:
            event: dict[str, Any] = json.loads(self._ui.recv(timeout=timeout))
            if wanted(event):
                return event

    def modal(self, *, timeout: float = 15) -> dict[str, Any]:
        """Wait until a modal opens; its view. `watch` comes before the click."""
        event = self.wait(lambda one: one["t"] == "view" and bool(_top(one)), timeout=timeout)
        return _top(event)

    def submit(self, *, user: str, values: Mapping[str, Mapping[str, str]]) -> None:
        """Send the open modal: `{"reason": {"text": "…"}}`, by block and action; nothing is waited for."""
        filled = {
            block: {action: {"type": "plain_text_input", "value": text} for action, text in fields.items()}
            for block, fields in values.items()
        }
        self._ui.send(json.dumps({"t": "view_submit", "user": user, "values": filled}))

    def submitted(self, *, timeout: float = 15) -> dict[str, str]:
        """Wait for the answer to `submit`: the errors by block, empty where the modal has closed."""
        event = self.wait(
            lambda one: one["t"] == "view_errors" or (one["t"] == "view" and not _top(one)), timeout=timeout
        )
        return dict(event.get("errors", {}))

    def vote(self, ts: str, *, user: str, approve: bool, values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        """Click, fill in the modal and send it: the errors by block, empty where the vote was taken."""
        self.watch()
        self.click(ts, "shadow_approve" if approve else "shadow_reject", user=user)
        self.modal()
        self.submit(user=user, values=values)
        return self.submitted()

    def wait_message(self, wanted: Callable[[dict[str, Any]], bool], *, timeout: float = 15) -> dict[str, Any]:
        """Wait until a message is posted or updated that is wanted, or take one that is there already."""
        self.watch()
        there = [one for one in self.messages() if wanted(one)]
        if there:
            return there[-1]
        kinds = ("message", "message_update")
        event = self.wait(lambda one: one["t"] in kinds and wanted(one["message"]), timeout=timeout)
        found: dict[str, Any] = event["message"]
        return found

    def wait_buttons(self, *, timeout: float = 15) -> str:
        """Wait until a message has a request's buttons, which come with the update after its post; its timestamp."""
        found = self.wait_message(lambda one: "shadow_approve" in json.dumps(one.get("blocks", [])), timeout=timeout)
        return str(found["ts"])

    def connected(self, app: App = SOCKET_APP) -> bool:
        """Whether a Socket Mode listener of the app is there."""
        return _state(self.url, app)

    def wait_connected(self, app: App = SOCKET_APP, *, timeout: float = 15) -> None:
        """Wait until a listener of the app has connected."""
        self.watch()
        if not self.connected(app):
            self.wait(lambda one: one["t"] == "socket_status" and self.connected(app), timeout=timeout)

    def reset(self) -> None:
        """As if just started: no messages, no modals."""
        self._ask("/reset", {})

    def close(self) -> None:
        """Let go of the workspace's events."""
        if self._ui is not None:
            self._opened.__exit__(None, None, None)
            self._ui = None

    def _ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return _http(f"{self.url}/_control{path}", body)


def _top(event: Mapping[str, Any]) -> dict[str, Any]:
    """The modal that lies on top in a "view" event, or nothing."""
    stack = event.get("stack", event.get("modalStack"))
    if stack is None:
        return dict(event.get("view") or {})
    return dict(stack[-1]) if stack else {}


def _state(url: str, app: App) -> bool:
    """local-slack tells who is connected only to those who come anew."""
    from websockets.sync.client import connect

    with connect(f"{url.replace('http', 'ws', 1)}/ui", max_size=None) as ui:
        apps = json.loads(ui.recv(timeout=5))["state"]["apps"]
    return any(one["appId"] == app.app_id and one["connected"] for one in apps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulate:
    """A running emulate: `api` is the base URL for a client, `channels` their ids by name."""

    api: str
    full: str = "xoxb-shadow-full"
    least: str = "xoxb-shadow-min"  # chat:write and nothing else

    @property
    def channels(self) -> dict[str, str]:
        """The channels' ids by name."""
        told = _http(f"{self.api}conversations.list", {}, token=self.full)
        return {one["name"]: one["id"] for one in told["channels"]}

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """A channel's messages, oldest first."""
        told = _http(f"{self.api}conversations.history", {"channel": channel}, token=self.full)
        return list(reversed(told["messages"]))


@contextmanager
def local_slack(
    folder: Path, *, request_url: str = "http://127.0.0.1:9/interactivity", port: int = 0
) -> Iterator[LocalSlack]:
    """A running local-slack with the two apps `SOCKET_APP` and `HTTP_APP`, ended on the way out.

    Args:
        folder: where its configuration and files go.
        request_url: where clicks on messages of `HTTP_APP` are posted, signed with `HTTP_SECRET`.
        port: its port, for one that comes back; 0: any that is free.
    """
    config = folder / "local-slack.yaml"
    config.write_text(json.dumps(_workspace(request_url)), encoding="utf-8")  # YAML can read JSON
    binary = installed() / "node_modules/local-slack-linux-x64/bin/local-slack"
    command = [str(binary), "--config", str(config), "--port", str(port), "--base-host", "127.0.0.1"]
    command += ["--files-dir", str(folder / "local-slack-files")]
    with _running(command, ready=re.compile(r"Web UI:\s+(http://\S+)")) as (process, found):
        slack = LocalSlack(url=found.group(1), process=process)
        try:
            yield slack
        finally:
            slack.close()


@contextmanager
def emulate(folder: Path) -> Iterator[Emulate]:
    """A running emulate with strict scopes, ended on the way out."""
    seed = folder / "emulate.yaml"
    seed.write_text(json.dumps(_SEED), encoding="utf-8")
    program = installed() / "node_modules/emulate/dist/index.js"
    port = free_port()
    command = [_node(), str(program), "start", "--service", "slack", "--port", str(port), "--seed", str(seed)]
    with _running(command, ready=re.compile(r"Config:")):
        yield Emulate(api=f"http://127.0.0.1:{port}/api/")


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def installed() -> Path:
    """The folder in the user's cache where both are installed; made once, and by one process at a time."""
    _node()
    npm = shutil.which("npm") or pytest.skip("npm is not installed, so there is no emulator of Slack")
    if os.uname().machine != "x86_64" or os.uname().sysname != "Linux":
        pytest.skip("the emulator of Slack runs on Linux on x86_64 only")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shadow-harness"
    home = cache / "-".join(["slack", *(PINNED[name][0] for name in ASKED)])
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "slack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "installed").exists():
            _install(npm, home)
    return home


def _install(npm: str, home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    (home / "package.json").write_text(json.dumps({"private": True, "dependencies": _asked()}), encoding="utf-8")
    (home / "package-lock.json").write_text(json.dumps(_lock()), encoding="utf-8")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=home, capture_output=True, text=True, timeout=10 * START_S, check=False, stdin=subprocess.DEVNULL
    )
    if "EINTEGRITY" in done.stderr:
        pytest.fail(f"a package of the registry is not the one that was pinned:\n{done.stderr[-2000:]}")
    if done.returncode:
        pytest.skip(f"npm cannot install the emulators of Slack: {done.stderr.strip()[-300:]}")
    (home / "installed").touch()


def _asked() -> dict[str, str]:
    return {name: PINNED[name][0] for name in ASKED}


def _lock() -> dict[str, Any]:
    packages: dict[str, Any] = {"": {"dependencies": _asked()}}
    for name, (version, integrity, needs) in PINNED.items():
        packages[f"node_modules/{name}"] = {"version": version, "integrity": integrity, "dependencies": needs}
    return {"name": "emulators", "lockfileVersion": 3, "requires": True, "packages": packages}


def _node() -> str:
    return shutil.which("node") or pytest.skip("Node is not installed, so there is no emulator of Slack")


@contextmanager
def _running(
    command: Sequence[str], *, ready: re.Pattern[str]
) -> Iterator[tuple[subprocess.Popen[str], re.Match[str]]]:
    """A process that has said it is ready; it ends with this block, and with this process whatever happens to it."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=_die_with_parent,
    )  # fmt: skip
    said: list[str] = []
    found: list[re.Match[str]] = []
    told = threading.Event()

    def listen() -> None:
        for line in process.stdout or ():
            said.append(line)
            match = ready.search(line)
            if match and not found:
                found.append(match)
                told.set()
        told.set()  # it has ended

    reader = threading.Thread(target=listen, daemon=True)
    reader.start()
    try:
        told.wait(START_S)
        if not found:
            pytest.fail(f"{command[0]} did not start:\n{''.join(said)[-2000:]}")
        yield process, found[0]
    finally:
        process.kill()
        process.wait()
        reader.join()
        if process.stdout:
            process.stdout.close()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _http(url: str, body: Mapping[str, Any] | None = None, *, token: str = "") -> dict[str, Any]:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers), timeout=10) as answer:
        told: dict[str, Any] = json.loads(answer.read())
    return told


def _workspace(request_url: str) -> dict[str, Any]:
    apps = []
    for app, mode in ((SOCKET_APP, "socket"), (HTTP_APP, "events")):
        apps.append(
            {
                "appId": app.app_id,
                "botUserId": app.bot_user,
                "botName": f"shadow-{mode}",
                "botToken": app.token,
                "appToken": app.app_token,
                "signingSecret": app.signing_secret,
                "mode": mode,
                **({"requestUrl": request_url} if mode == "events" else {}),
            }
        )
    people = {ALICE: "alice", BOB: "bob", OWEN: "owen", EVE: "eve"}
    bots = [SOCKET_APP.bot_user, HTTP_APP.bot_user]
    return {
        "workspace": {"name": "Shadow Test", "domain": "shadow-test", "teamId": TEAM},
        "apps": apps,
        "users": [{"id": id_, "name": name, "email": f"{name}@example.com"} for id_, name in people.items()],
        "channels": [
            {"id": CHANNEL, "name": "shadow-approvals", "members": [*people, *bots]},
            {"id": DIGESTS, "name": "shadow-digest", "members": [ALICE, BOB, *bots]},
        ],
    }


_SEED: dict[str, Any] = {
    "slack": {
        "team": {"name": "Shadow Test", "domain": "shadow-test"},
        "signing_secret": "emulate-signing-secret",
        "strict_scopes": True,
        "users": [{"name": name, "email": f"{name}@example.com"} for name in ("alice", "bob", "owen")],
        "channels": [{"name": "shadow-approvals", "topic": "approvals"}, {"name": "shadow-digest", "topic": "digest"}],
        "bots": [{"name": "shadowbot"}],
        "tokens": [
            {
                "token": "xoxb-shadow-full",
                "user": "alice",
                "scopes": ["chat:write", "channels:read", "channels:history", "users:read", "users:read.email"],
            },
            {"token": "xoxb-shadow-min", "user": "alice", "scopes": ["chat:write"]},
        ],
    }
}
