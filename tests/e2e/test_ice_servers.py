"""What Chromium makes of the two lists of ICE servers: the reason why there are two."""

from __future__ import annotations

from typing import Any

import pytest

from tests.thorough import thorough

from .browsers import Chromium
from .conftest import Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PUBLISH = """
async (choose) => {
  const told = await (await fetch('/api/v1/ice-servers?room=den')).json();
  const connection = new RTCPeerConnection({ iceServers: eval(choose)(told) });
  const canvas = document.createElement('canvas');
  canvas.getContext('2d');
  const [track] = canvas.captureStream(10).getTracks();
  connection.addTransceiver(track, { direction: 'sendonly' });
  await connection.setLocalDescription();
  const body = connection.localDescription.sdp;
  const answer = await fetch('/whip/den', { method: 'POST', headers: { 'content-type': 'application/sdp' }, body });
  // The server's one address of which it tells as a STUN and TURN server, too, and no TCP.
  const [host, port] = told.iceServers[0].urls[0].split(':').slice(1);
  const its = (line) => !line.startsWith('a=candidate') || line.includes(` udp `) && line.includes(` ${host} ${port} `);
  const sdp = (await answer.text()).split('\\r\\n').filter(its).join('\\r\\n');
  await connection.setRemoteDescription({ type: 'answer', sdp });
  for (let waited = 0; waited < 50 && connection.connectionState !== 'connected'; waited += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
  const stats = await connection.getStats();
  const transport = [...stats.values()].find((it) => it.type === 'transport');
  const pair = stats.get(transport?.selectedCandidatePairId);
  const found = { state: connection.connectionState, road: stats.get(pair?.localCandidateId)?.candidateType ?? null };
  connection.close();
  return found;
}
"""


@pytest.mark.parametrize(
    ("choose", "found"),
    [
        thorough("(told) => told.sfu", {"state": "connected", "road": "host"}, id="for the server"),
        pytest.param("(told) => told.iceServers", {"state": "connected", "road": "relay"}, id="for either"),
        # With our STUN and without our relay nothing that the server sends is taken.
        thorough(
            "(told) => told.iceServers.filter((it) => !it.username)", {"state": "connecting", "road": None}, id="STUN"
        ),
    ],
)
async def test_a_page_reaches_the_server(
    chromium: Chromium, server: Server, choose: str, found: dict[str, Any]
) -> None:
    page = await chromium.open(f"{server.url}/healthz")
    try:
        assert await page.page.evaluate(PUBLISH, choose) == found
    finally:
        await page.close()
