"""An agent a library: each does a refund's work, or a computation, with what its users would write."""

from __future__ import annotations

import asyncio
import json
import subprocess
import tempfile
import urllib.request
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import Any

import aiohttp
import httpx
import numpy as np
import openai
import pandas as pd
import requests
import uvloop
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from pydantic_ai import Agent, Tool
from pydantic_ai.models.openai import OpenAIChatModel

from shadow.adapters.functions import carry_out, functions
from shadow.candidates.tools import Tools

SHOP = "https://shop.internal/v1"
REFUND = {"order_id": "o1", "amount": "20.00", "currency": "EUR"}
CHAT = OpenAIChatModel("desk-1")


def handle(claim: dict[str, Any], tools: Tools) -> dict[str, Any]:
    """The work of the library that the claim's customer is called after."""
    done = globals()[f"with_{claim['customer']}"](claim, tools)
    return {"decision": "approve", "amount": str(done)}


def with_pandas(claim: dict[str, Any], tools: Tools) -> Any:
    frame = pd.DataFrame({"shop": ["a", "b", "a"], "paid": [1.5, 2.0, 3.0]})
    return frame.groupby("shop")["paid"].sum()["a"]


def with_numpy(claim: dict[str, Any], tools: Tools) -> Any:
    half, _ = np.linalg.eigh(np.diag([4.5, 9.0]))
    return half[0]


def with_httpx(claim: dict[str, Any], tools: Tools) -> Any:
    httpx.post(f"{SHOP}/refunds", json=REFUND).raise_for_status()
    return httpx.get(f"{SHOP}/orders/o1").raise_for_status().json()["status"]


def with_httpx_on_asyncio(claim: dict[str, Any], tools: Tools) -> Any:
    return asyncio.run(_httpx())


def with_uvloop(claim: dict[str, Any], tools: Tools) -> Any:
    return uvloop.run(_httpx())


async def _httpx() -> Any:
    async with httpx.AsyncClient() as client:
        (await client.post(f"{SHOP}/refunds", json=REFUND)).raise_for_status()
        return (await client.get(f"{SHOP}/orders/o1")).json()["status"]


def with_requests(claim: dict[str, Any], tools: Tools) -> Any:
    requests.post(f"{SHOP}/refunds", json=REFUND, timeout=20).raise_for_status()
    return requests.get(f"{SHOP}/orders/o1", timeout=20).json()["status"]


def with_aiohttp(claim: dict[str, Any], tools: Tools) -> Any:
    return asyncio.run(_aiohttp(trust_env=True))


def with_aiohttp_that_trusts_no_environment(claim: dict[str, Any], tools: Tools) -> Any:
    return asyncio.run(_aiohttp(trust_env=False))


async def _aiohttp(*, trust_env: bool) -> Any:
    async with aiohttp.ClientSession(trust_env=trust_env, raise_for_status=True) as session:
        await session.post(f"{SHOP}/refunds", json=REFUND)
        async with session.get(f"{SHOP}/orders/o1") as answer:
            return (await answer.json())["status"]


def with_urllib(claim: dict[str, Any], tools: Tools) -> Any:
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{SHOP}/refunds", json.dumps(REFUND).encode(), headers)).close()
    with urllib.request.urlopen(f"{SHOP}/orders/o1") as answer:
        return json.load(answer)["status"]


def with_openai(claim: dict[str, Any], tools: Tools) -> Any:
    asked: Any = {"role": "user", "content": json.dumps({"order_id": "o1"})}
    answer = openai.OpenAI().chat.completions.create(model="desk-1", messages=[asked])
    calls = answer.choices[0].message.tool_calls or []
    return len(calls)


def with_langgraph(claim: dict[str, Any], tools: Tools) -> Any:
    graph = StateGraph(dict)
    graph.add_node("look", lambda state: tools.call("orders.get", order_id="o1"))
    graph.add_edge(START, "look")
    ready = graph.compile(checkpointer=InMemorySaver())
    return ready.invoke({}, {"configurable": {"thread_id": "1"}})["status"]


def with_pydantic_ai(claim: dict[str, Any], tools: Tools) -> Any:
    def call(name: str, /, **args: Any) -> str:
        return carry_out(tools, name, args)[1]

    offered = [
        Tool.from_schema(partial(call, one.name), one.name, one.about, dict(one.schema)) for one in functions(tools)
    ]
    ended = Agent(CHAT, tools=offered).run_sync(json.dumps({"order_id": "o1", "customer": "ann@example.com"}))
    return json.loads(ended.output)["decision"]


def with_threads(claim: dict[str, Any], tools: Tools) -> Any:
    with ThreadPoolExecutor() as pool:
        return sum(pool.map(int, "123"))


def with_a_spooled_file(claim: dict[str, Any], tools: Tools) -> Any:
    with tempfile.SpooledTemporaryFile() as file:
        return file.write(b"123")


def with_tempfile(claim: dict[str, Any], tools: Tools) -> Any:
    with tempfile.TemporaryFile() as file:
        return file.write(b"123")


def with_a_process(claim: dict[str, Any], tools: Tools) -> Any:
    return subprocess.run(["true"], check=True).returncode


def with_processes(claim: dict[str, Any], tools: Tools) -> Any:
    with ProcessPoolExecutor() as pool:
        return sum(pool.map(int, "123"))
