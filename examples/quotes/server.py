"""Publishes 1,000 updates a second of 500 symbols, and serves the page that shows them: python examples/quotes/server.py [--port 3000]"""

import argparse
import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from tertulia import Tertulia

PER_SECOND = 1000
BATCHES = 50
"""A second."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SYMBOLS = ["".join(it) for it in itertools.islice(itertools.product(LETTERS, repeat=3), 500)]

rt = Tertulia(open=True, local_names_only=True, chat_retention=0, web=Path(__file__).parent)
rt.topic("/quotes/*", retain=True)


async def trade() -> None:
    """Prices go up and down by chance."""
    prices = {symbol: random.uniform(10, 500) for symbol in SYMBOLS}
    loop = asyncio.get_running_loop()
    began, number = loop.time(), 0
    for batch in itertools.count(1):
        for _ in range(PER_SECOND // BATCHES):
            number += 1
            symbol = random.choice(SYMBOLS)
            prices[symbol] *= random.gauss(1, 0.001)
            rt.publish(f"/quotes/{symbol}", {"price": round(prices[symbol], 2), "number": number})
        await asyncio.sleep(max(0.0, began + batch / BATCHES - loop.time()))


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    async with rt.lifespan():
        trading = asyncio.create_task(trade())
        try:
            yield
        finally:
            trading.cancel()


app = Starlette(lifespan=lifespan)
app.mount("/", rt)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=3000)
    uvicorn.run(app, host="127.0.0.1", port=parser.parse_args().port)
