"""Decides refund claims as a service: FastAPI in front, the shop's API behind."""

from __future__ import annotations

import os

import httpx
from fastapi import FastAPI
from pydantic import BaseModel

SHOP = os.environ.get("SHOP_URL", "https://shop.internal")
app = FastAPI()


class Claim(BaseModel):
    """What a customer wants back."""

    order_id: str
    customer: str


class Decision(BaseModel):
    """What is done about it."""

    decision: str
    amount: str


@app.post("/handle")
async def handle(claim: Claim) -> Decision:
    """What is done about one claim."""
    async with httpx.AsyncClient(base_url=SHOP, timeout=20) as shop:
        order = (await shop.get(f"/v1/orders/{claim.order_id}")).raise_for_status().json()
        if order["status"] != "paid":
            return Decision(decision="refuse", amount="0.00")
        refund = {"order_id": claim.order_id, "amount": order["total"], "currency": "EUR"}
        (await shop.post("/v1/refunds", json=refund)).raise_for_status()
        (await shop.post("/v1/mails", json={"to": claim.customer, "template": "refunded"})).raise_for_status()
    return Decision(decision="approve", amount=order["total"])
