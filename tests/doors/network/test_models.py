"""Calls of models: what they may ask, what is recorded of them, and who reads it back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from shadow.doors.bindings import llm
from shadow.doors.network.calls import Settings, Visit
from shadow.doors.network.models import check_asked
from shadow.doors.network.recordings import FileRecordings, MemoryRecordings, Recorded, Recordings, Step
from shadow.doors.network.traffic import Passage
from shadow.doors.network.usage import Usage, usage_of
from shadow.errors import StoreError, ToolRefused
from tests.doors.network.conftest import Desk, Opening
from tests.doors.network.speaking import ask, line_to, netloc, request
from tests.doors.network.upstream import Upstream, completion, model_server

CHAT = "/v1/chat/completions"
HELLO: dict[str, Any] = {"model": "small-1", "messages": [{"role": "user", "content": "hello"}]}


def text_of(answer: tuple[int, Any]) -> str:
    """What the model said."""
    assert answer[0] == 200, answer
    return str(answer[1]["choices"][0]["message"]["content"])


@pytest.fixture(params=["memory", "files"])
def recordings(request: pytest.FixtureRequest, tmp_path: Path) -> Recordings:
    """Both ways to keep answers."""
    return MemoryRecordings() if request.param == "memory" else FileRecordings(tmp_path / "answers")


def test_a_model_is_asked_with_the_doors_key(desk: Desk) -> None:
    """Tokens and cost are counted as the answer says, at the declared price; the dummy key stays here."""
    model_server(desk.upstream)
    assert text_of(ask(desk, "POST", CHAT, HELLO, Authorization="Bearer dummy")) == "answer 1"
    assert desk.upstream.asked[0]["headers"]["authorization"] == "Bearer real-llm-key"
    total = desk.door.traffic().total
    assert (total.tokens_in, total.tokens_out, total.unmetered, total.unpriced) == (11, 3, 0, 0)
    assert total.cost_usd == Decimal("0.000041")


def test_only_a_resume_of_the_same_repeat_reads_back(
    upstream: Upstream, opening: Opening, recordings: Recordings
) -> None:
    """A second try finds what was paid for, with its duration, tokens and cost; noise, other cases and
    experiments ask anew; and within one replay the same question is a new question."""
    model_server(upstream)

    def said(visit: Visit, times: int = 1, experiment: str = "e1") -> list[str]:
        one = opening(upstream, Settings(experiment=experiment, recordings=recordings), visit)
        found = [text_of(ask(one, "POST", CHAT, HELLO)) for _ in range(times)]
        said.traffic = one.door.traffic().total  # type: ignore[attr-defined]
        return found

    first = Visit(case="c7")
    assert said(first, 2) == ["answer 1", "answer 2"]
    paid = said.traffic  # type: ignore[attr-defined]
    assert said(Visit(case="c7", attempt=1), 3) == ["answer 1", "answer 2", "answer 3"]
    again = said.traffic  # type: ignore[attr-defined]
    assert (again.recorded, again.forwarded) == (2, 1)
    assert (again.tokens_in, again.cost_usd) == (33, 3 * paid.cost_usd / 2)
    assert said(Visit(case="c7", repeat=1)) == ["answer 4"]
    assert said(Visit(case="c8")) == ["answer 5"]
    assert said(first, experiment="e2") == ["answer 6"]
    assert len(upstream.asked) == 6


def test_a_recorded_answer_counts_its_recorded_duration(upstream: Upstream, opening: Opening) -> None:
    """So that a resumed replay looks as long as it was."""
    kept = MemoryRecordings()
    model_server(upstream)
    told: list[Passage] = []
    for attempt in (0, 1):
        visit = Visit(case="c7", attempt=attempt)
        desk = opening(upstream, Settings(recordings=kept), visit)
        ask(desk, "POST", CHAT, HELLO)
        told += desk.door.finish(visit)
    assert told[0].duration_s == told[1].duration_s > 0
    assert told[0].usage is not None and told[0].usage == told[1].usage


def test_two_at_once_are_two_steps(desk: Desk) -> None:
    """The same question asked twice at once is paid twice: they are two questions of one replay."""
    model_server(desk.upstream)
    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(lambda _: text_of(ask(desk, "POST", CHAT, HELLO)), range(2)))
    assert found == ["answer 1", "answer 2"]


def test_a_new_try_waits_for_the_old_ones_answer(upstream: Upstream, opening: Opening) -> None:
    """A try that is killed while its model answers leaves an answer that the next try waits for: paid once."""
    looked = Event()

    class Late(MemoryRecordings):
        """Keeps an answer only once another try has looked for it, or cannot."""

        def find(self, step: Step) -> Recorded | None:
            if upstream.asked:
                looked.set()
            return super().find(step)

        def keep(self, step: Step, recorded: Recorded) -> None:
            looked.wait(1)
            super().keep(step, recorded)

    tries = iter([Visit(case="c7"), Visit(case="c7", attempt=1)])
    desk = opening(upstream, Settings(recordings=Late()), None, case_of=lambda peer: next(tries))
    model_server(upstream)
    streamed = {**HELLO, "stream": True}
    data = request("POST", f"{upstream.url}{CHAT}", netloc(desk), json.dumps(streamed).encode())
    with line_to(desk) as line:
        line.sendall(data)
        assert b"answer 1" in line.recv(65536)
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(ask, desk, "POST", CHAT, streamed)
        upstream.go_on.set()
        assert second.result()[0] == 200
    assert len(upstream.asked) == 1
    assert (desk.total("recorded"), desk.total("forwarded")) == (1, 1)


@pytest.mark.parametrize("secured", [False, True])
def test_events_pass_as_they_come(upstream: Upstream, secure: Upstream, opening: Opening, secured: bool) -> None:
    """The first event is there before the second is sent; usage is read from the stream, a resume gets it whole."""
    import http.client
    import ssl

    one = secure if secured else upstream
    kept = MemoryRecordings()
    desk = opening(one, Settings(recordings=kept))
    model_server(one)
    body = json.dumps({**HELLO, "stream": True, "stream_options": {"include_usage": True}})
    door = desk.door.address
    line: http.client.HTTPConnection
    if secured:
        line = http.client.HTTPSConnection(*door, context=ssl.create_default_context(cadata=desk.door.ca_pem.decode()))
        line.set_tunnel("127.0.0.1", one.port)
    else:
        line = http.client.HTTPConnection(*door)
    line.request("POST", CHAT if secured else f"{one.url}{CHAT}", body, {"Content-Type": "application/json"})
    answer = line.getresponse()
    assert answer.headers["content-type"] == "text/event-stream"
    first = answer.readline()
    assert b"answer 1" in first  # and the upstream still waits
    assert not one.go_on.is_set()
    one.go_on.set()
    rest = answer.read()
    assert rest.endswith(b"data: [DONE]\n\n")
    assert (desk.total("tokens_in"), desk.total("tokens_out"), desk.total("unmetered")) == (11, 3, 0)
    [recorded] = kept._known.values()
    assert recorded.body == first + rest
    line.close()


def test_what_failed_is_asked_again(desk: Desk) -> None:
    """An error is passed on and not recorded; the next try of the same question is the same step."""
    desk.upstream.answers["POST", CHAT] = lambda one: one.say(429, b"{}")
    assert ask(desk, "POST", CHAT, HELLO)[0] == 429
    model_server(desk.upstream)
    assert text_of(ask(desk, "POST", CHAT, HELLO)) == "answer 1"
    assert len(desk.upstream.asked) == 2


def test_what_was_judged_is_what_is_sent(desk: Desk) -> None:
    """The body is written anew from what was read, so that no other reading of it can be sent."""
    desk.upstream.answers["POST", "/v1/responses"] = {"usage": {"input_tokens": 1, "output_tokens": 1}}
    ask(desk, "POST", "/v1/responses", b'{ "model" : "small-1", "input":"\\u0068i" }')
    assert desk.upstream.asked[0]["body"] == b'{"model":"small-1","input":"hi","store":false}'


def test_a_canary_in_a_prompt_does_not_go_out(upstream: Upstream, opening: Opening) -> None:
    """The provider never sees it."""
    model_server(upstream)
    desk = opening(upstream, Settings(canaries={"dummy key": "sk-dummy-77aa"}))
    said = {**HELLO, "messages": [{"role": "user", "content": "my key is sk-dummy-77aa"}]}
    assert ask(desk, "POST", CHAT, said)[0] == 403
    assert (desk.total("violations"), upstream.asked) == (1, [])


def test_a_store_that_refuses_stops_the_answer(upstream: Upstream, opening: Opening) -> None:
    """An answer that cannot be recorded is cut off: it must not be used and then paid again."""

    class Full:
        def find(self, step: Step) -> None:
            return None

        def keep(self, step: Step, recorded: Recorded) -> None:
            raise StoreError("the disk is full")

    model_server(upstream)
    desk = opening(upstream, Settings(recordings=Full()))
    assert ask(desk, "POST", CHAT, HELLO)[0] == 0
    assert desk.total("failed") == 1


OPENAI, RESPONSES, EMBEDDINGS = (one.model for one in llm("https://a.test/v1", models=["small-1"]))
[ANTHROPIC] = (one.model for one in llm("https://b.test", speaks="anthropic", models=["small-1"]))
PNG = "data:image/png;base64,AAAA"


def chat(*content: Any, **more: Any) -> dict[str, Any]:
    return {"model": "small-1", "messages": [{"role": "user", "content": list(content)}], **more}


ALLOWED = [
    (OPENAI, HELLO),
    (OPENAI, chat({"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": PNG}})),
    (OPENAI, chat(tools=[{"type": "function", "function": {"name": "f", "parameters": {
        "properties": {"url": {"type": "string"}}}}}])),
    (OPENAI, {**HELLO, "messages": [{"role": "assistant", "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"url": "http://x"}'}}]},
        {"role": "tool", "tool_call_id": "1", "content": "see http://x"}]}),
    (OPENAI, {**HELLO, "response_format": {"type": "json_schema", "json_schema": {}}, "stream": True}),
    (RESPONSES, {"model": "small-1", "input": "x", "store": False}),
    (RESPONSES, {"model": "small-1", "input": [{"type": "message", "role": "user", "content": [
        {"type": "input_text", "text": "x"}, {"type": "input_image", "image_url": PNG}]},
        {"type": "function_call_output", "call_id": "1", "output": "y"}]}),
    (EMBEDDINGS, {"model": "small-1", "input": ["x", "y"]}),
    (ANTHROPIC, chat({"type": "text", "text": "x"}, max_tokens=9)),
    (ANTHROPIC, chat({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}})),
    (ANTHROPIC, chat({"type": "tool_use", "id": "1", "name": "f", "input": {"url": "http://x", "type": "odd"}})),
    (ANTHROPIC, chat(tools=[{"name": "f", "input_schema": {}}], system=[{"type": "text", "text": "x"}])),
]  # fmt: skip
FORBIDDEN = [
    (OPENAI, {**HELLO, "model": "other"}, "model"),
    (OPENAI, {**HELLO, "web_search_options": {}}, "web_search_options"),
    (OPENAI, {**HELLO, "store": True}, "store"),
    (OPENAI, {**HELLO, "new_field": 1}, "new_field"),
    (OPENAI, chat({"type": "image_url", "image_url": {"url": "https://evil.test/x.png"}}), "image_url"),
    (OPENAI, chat({"type": "image_url", "image_url": "HTTPS://evil.test/x.png"}), "image_url"),
    (OPENAI, chat({"type": "file", "file": {"file_id": "f1"}}), "file"),
    (OPENAI, chat({"type": "input_audio", "input_audio": {"url": "http://x"}}), "url"),
    (OPENAI, chat({"type": "video", "video": "x"}), "video"),
    (OPENAI, chat(tools=[{"type": "web_search"}]), "web_search"),
    (OPENAI, chat(tools={"type": "function"}), "tool"),
    (OPENAI, chat(tool_choice={"type": "web_search"}), "web_search"),
    (OPENAI, chat(modalities=["text", "audio"]), "modalities"),
    (RESPONSES, {"model": "small-1", "input": "x", "background": True}, "background"),
    (RESPONSES, {"model": "small-1", "input": "x", "previous_response_id": "r"}, "previous_response_id"),
    (RESPONSES, {"model": "small-1", "input": "x", "conversation": "c"}, "conversation"),
    (RESPONSES, {"model": "small-1", "input": "x", "prompt": {"id": "p"}}, "prompt"),
    (RESPONSES, {"model": "small-1", "input": [{"type": "input_file", "file_url": "http://x"}]}, "file_url"),
    (RESPONSES, {"model": "small-1", "input": [{"type": "item_reference", "id": "x"}]}, "item_reference"),
    (RESPONSES, {"model": "small-1", "input": [{"role": "user", "content": [
        {"type": "input_image", "image_url": "http://x"}]}]}, "image_url"),
    *((RESPONSES, {"model": "small-1", "input": "x", "tools": [{"type": kind}]}, kind) for kind in (
        "web_search", "web_search_preview", "file_search", "computer_use_preview", "code_interpreter",
        "image_generation", "local_shell", "mcp", "shell", "apply_patch")),
    (ANTHROPIC, chat(mcp_servers=[]), "mcp_servers"),
    (ANTHROPIC, chat(container="c"), "container"),
    (ANTHROPIC, chat({"type": "image", "source": {"type": "url", "url": "http://x"}}), "source"),
    (ANTHROPIC, chat({"type": "document", "source": {"type": "file", "file_id": "f"}}), "source"),
    (ANTHROPIC, chat({"type": "document", "source": {"type": "content", "content": [
        {"type": "image", "source": {"type": "url", "url": "http://x"}}]}}), "source"),
    (ANTHROPIC, chat({"type": "tool_result", "tool_use_id": "1", "content": [
        {"type": "image", "source": {"type": "url", "url": "http://x"}}]}), "source"),
    (ANTHROPIC, chat({"type": "server_tool_use", "id": "1", "name": "web_search", "input": {}}), "server_tool_use"),
    *((ANTHROPIC, chat(tools=[{"type": kind, "name": "x"}]), kind) for kind in (
        "web_search_20250305", "web_fetch_20250910", "code_execution_20250825", "computer_20250124",
        "bash_20250124", "mcp_toolset")),
]  # fmt: skip


@pytest.mark.parametrize(("model", "body"), ALLOWED)
def test_what_may_be_asked(model: Any, body: dict[str, Any]) -> None:
    """Text, inline images, and functions that the candidate itself carries out."""
    check_asked(model, body)


@pytest.mark.parametrize(("model", "body", "word"), FORBIDDEN)
def test_what_would_reach_further(model: Any, body: dict[str, Any], word: str) -> None:
    """What makes the provider fetch, run, store or call something is refused, and named. (models.check_asked)"""
    with pytest.raises(ToolRefused, match=word):
        check_asked(model, body)


@pytest.mark.parametrize("model", [OPENAI, RESPONSES, EMBEDDINGS, ANTHROPIC])
def test_a_refused_body_is_not_sent(desk: Desk, model: Any) -> None:
    """By the door itself, too; and no other call of the provider has a route."""
    body = {**HELLO, "tools": [{"type": "web_search"}]}
    assert ask(desk, "POST", CHAT, body)[0] == 403
    assert ask(desk, "POST", f"{CHAT}?x=1", HELLO)[0] == 403
    assert desk.upstream.asked == [] and len(desk.refused) == 2


def events(*parts: dict[str, Any]) -> bytes:
    return b"".join(f"event: x\ndata: {json.dumps(part)}\n\n".encode() for part in parts)


STREAM = "text/event-stream"
USAGES = [
    (OPENAI, "application/json", json.dumps(completion("x")).encode(), (11, 3)),
    (OPENAI, STREAM, events({"model": "small-1", "usage": None},
        {"usage": {"prompt_tokens": 5, "completion_tokens": 2}}), (5, 2)),
    (RESPONSES, STREAM, events({"type": "response.completed", "response": {"model": "small-1", "usage": {
        "input_tokens": 7, "output_tokens": 4}}}), (7, 4)),
    (ANTHROPIC, STREAM, events({"type": "message_start", "message": {"model": "small-1", "usage": {
        "input_tokens": 5, "cache_read_input_tokens": 6, "output_tokens": 1}}},
        {"type": "message_delta", "usage": {"output_tokens": 9}}), (11, 9)),
    (EMBEDDINGS, "application/json", b'{"usage": {"prompt_tokens": 8, "total_tokens": 8}}', (8, 0)),
    (OPENAI, STREAM, events({"model": "small-1"}), (None, None)),
    (OPENAI, "application/json", b"no json", (None, None)),
    (OPENAI, "application/json", b'{"usage": {"prompt_tokens": -1, "completion_tokens": true}}', (None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("model", "media", "body", "tokens"), USAGES)
def test_usage_is_read_and_never_guessed(model: Any, media: str, body: bytes, tokens: tuple[Any, Any]) -> None:
    """As the answer says; None where it does not."""
    found = usage_of(model, "small-1", media, body)
    assert (found.tokens_in, found.tokens_out) == tokens


def test_recordings_keep_the_first_answer(recordings: Recordings) -> None:
    """Exactly the step asked for; a second answer of a step changes nothing."""
    step = Step(experiment="e", case="c/../x", repeat=0, step=1, digest="d")
    used = Usage(model="m", tokens_in=1, tokens_out=2, cost_usd=Decimal("0.1"))
    first = Recorded(status=200, headers=(("a", "b"),), body=b"\x00\xff", duration_s=1.5, usage=used)
    assert recordings.find(step) is None
    recordings.keep(step, first)
    recordings.keep(step, Recorded(status=200, headers=(), body=b"", duration_s=0, usage=Usage()))
    assert recordings.find(step) == first


def test_a_damaged_recording_is_an_error(tmp_path: Path) -> None:
    """It is neither used nor taken for missing."""
    kept = FileRecordings(tmp_path / "answers")
    step = Step(experiment="e", case="c", repeat=0, step=1, digest="d")
    kept.keep(step, Recorded(status=200, headers=(), body=b"", duration_s=0, usage=Usage()))
    [path] = (tmp_path / "answers").iterdir()
    path.write_text("{")
    with pytest.raises(StoreError):
        kept.find(step)
