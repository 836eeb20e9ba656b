// Messages of tertulia.v1. Written by schema/generate.py; don't edit.

import type { ClientMessage, ServerMessage } from './generated.ts';

export const clientMessages = {
  'client.admit.json': {
  "type": "admit",
  "id": 14,
  "participant": "cy"
},
  'client.answer.json': {
  "type": "answer",
  "id": 9,
  "to": "bo",
  "serial": 4,
  "sdp": "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n",
  "publications": {
    "0": "pb_9Lk4"
  }
},
  'client.ask_unmute.json': {
  "type": "ask_unmute",
  "id": 24,
  "participant": "bo",
  "source": "microphone"
},
  'client.candidate.json': {
  "type": "candidate",
  "id": 10,
  "to": "bo",
  "candidate": "candidate:1 1 udp 2122260223 192.0.2.4 54321 typ host generation 0 ufrag Kx2f",
  "sdpMid": "0",
  "sdpMLineIndex": 0,
  "usernameFragment": "Kx2f"
},
  'client.chat.json': {
  "type": "chat",
  "id": 13,
  "text": "Guten Tag, 你好 👋",
  "to": null
},
  'client.data.json': {
  "type": "data",
  "id": 26,
  "topic": "cursor",
  "data": {
    "x": 0.25,
    "y": 0.5,
    "label": "王"
  },
  "encoding": "json",
  "to": null,
  "latest": true
},
  'client.deny.json': {
  "type": "deny",
  "id": 15,
  "participant": "cy"
},
  'client.end.json': {
  "type": "end",
  "id": 20
},
  'client.hand.json': {
  "type": "hand",
  "id": 22,
  "raised": false,
  "participant": "bo"
},
  'client.invite.json': {
  "type": "invite",
  "id": 21,
  "role": "viewer"
},
  'client.join.json': {
  "type": "join",
  "id": 1,
  "room": "standup",
  "name": "Ana",
  "token": "eyJhbGciOiJIUzI1NiJ9.e30.signature",
  "identity": null,
  "p2p": true,
  "autoSubscribe": true,
  "role": "speaker",
  "metadata": "{\"avatar\":3}"
},
  'client.leave.json': {
  "type": "leave",
  "id": 90
},
  'client.lock.json': {
  "type": "lock",
  "id": 18,
  "locked": true
},
  'client.mute.json': {
  "type": "mute",
  "id": 4,
  "publication": "pb_9Lk4",
  "muted": true
},
  'client.offer.json': {
  "type": "offer",
  "id": 8,
  "to": "server",
  "serial": 1,
  "sdp": "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n",
  "publications": {
    "0": "pb_7Qx2"
  }
},
  'client.ping.json': {
  "type": "ping",
  "ack": 17,
  "time": 1234.5
},
  'client.prefer.json': {
  "type": "prefer",
  "id": 7,
  "publication": "pb_7Qx2",
  "visible": true,
  "width": 320,
  "height": 180,
  "layer": "low",
  "pinned": true
},
  'client.publish.json': {
  "type": "publish",
  "id": 2,
  "source": "camera",
  "kind": "video",
  "muted": false,
  "width": 1280,
  "height": 720
},
  'client.react.json': {
  "type": "react",
  "id": 23,
  "reaction": "👏🏽"
},
  'client.remove.json': {
  "type": "remove",
  "id": 16,
  "participant": "cy",
  "reason": "spam"
},
  'client.resume.json': {
  "type": "resume",
  "session": "se_1f3c",
  "token": "k3Jd8sQ0",
  "lastSeq": 17
},
  'client.road_failed.json': {
  "type": "road_failed",
  "id": 12,
  "epoch": 2
},
  'client.set_role.json': {
  "type": "set_role",
  "id": 17,
  "participant": "bo",
  "role": "moderator"
},
  'client.spotlight.json': {
  "type": "spotlight",
  "id": 25,
  "participant": "bo"
},
  'client.subscribe.json': {
  "type": "subscribe",
  "id": 5,
  "publication": "pb_7Qx2"
},
  'client.topology_ready.json': {
  "type": "topology_ready",
  "id": 11,
  "epoch": 3
},
  'client.unpublish.json': {
  "type": "unpublish",
  "id": 3,
  "publication": "pb_7Qx2"
},
  'client.unsubscribe.json': {
  "type": "unsubscribe",
  "id": 6,
  "publication": "pb_7Qx2"
},
  'client.waiting_room.json': {
  "type": "waiting_room",
  "id": 19,
  "enabled": true
},
} satisfies Record<string, ClientMessage>;

export const serverMessages = {
  'server.answer.json': {
  "seq": 21,
  "type": "answer",
  "from": "bo",
  "serial": 5,
  "sdp": "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n",
  "publications": {}
},
  'server.answered.json': {
  "seq": 3,
  "type": "answered",
  "id": 8,
  "serial": 1,
  "sdp": "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
},
  'server.bind.json': {
  "seq": 17,
  "type": "bind",
  "mid": "3",
  "publication": "pb_7Qx2"
},
  'server.bye.json': {
  "seq": 26,
  "type": "bye",
  "code": "removed",
  "message": "A moderator removed you.",
  "retryable": false
},
  'server.candidate.json': {
  "seq": 22,
  "type": "candidate",
  "from": "bo",
  "candidate": "candidate:1 1 udp 2122260223 192.0.2.4 54321 typ host generation 0 ufrag Kx2f",
  "sdpMid": "0",
  "sdpMLineIndex": 0,
  "usernameFragment": null
},
  'server.chat.json': {
  "seq": 23,
  "type": "chat",
  "message": {
    "id": "ch_1",
    "sender": "bo",
    "name": "Bo 王",
    "text": "Guten Tag, 你好 👋",
    "to": null,
    "time": 1793971200.25
  }
},
  'server.data.json': {
  "seq": 31,
  "type": "data",
  "from": "bo",
  "topic": "file/1",
  "data": "aGVsbG8=",
  "encoding": "base64"
},
  'server.encodings.json': {
  "seq": 20,
  "type": "encodings",
  "publication": "pb_7Qx2",
  "active": [
    "q",
    "h"
  ]
},
  'server.error.json': {
  "seq": 10,
  "type": "error",
  "id": null,
  "code": "malformed",
  "message": "not JSON",
  "retryable": false
},
  'server.ice_servers.json': {
  "seq": 25,
  "type": "ice_servers",
  "iceServers": {
    "sfu": [
      {
        "urls": [
          "turns:rtc.example:443?transport=tcp",
          "turn:rtc.example:443?transport=tcp"
        ],
        "username": "1794000000:5f0c1e9a2b47",
        "credential": "KxvnqXBonRJVVIE3Cq+VgXCJQwI="
      }
    ],
    "direct": [
      {
        "urls": [
          "stun:203.0.113.9:3478"
        ],
        "username": null,
        "credential": null
      },
      {
        "urls": [
          "turn:203.0.113.9:3478?transport=udp",
          "turns:rtc.example:443?transport=tcp",
          "turn:rtc.example:443?transport=tcp"
        ],
        "username": "1794000000:5f0c1e9a2b47",
        "credential": "KxvnqXBonRJVVIE3Cq+VgXCJQwI="
      }
    ]
  }
},
  'server.invited.json': {
  "seq": 3,
  "type": "invited",
  "id": 21,
  "token": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
  "expires": 1795255200.0
},
  'server.joined.json': {
  "seq": 1,
  "type": "joined",
  "id": 1,
  "session": {
    "id": "se_1f3c",
    "token": "k3Jd8sQ0",
    "grace": 30.0,
    "heartbeat": 15.0
  },
  "room": {
    "name": "standup",
    "locked": false,
    "waitingRoom": true,
    "maxParticipants": 100,
    "spotlight": "bo"
  },
  "you": {
    "id": "ana",
    "name": "Ana",
    "role": "moderator",
    "connected": true,
    "metadata": "",
    "hand": 0,
    "publications": []
  },
  "rights": [
    "publish:camera",
    "publish:microphone",
    "publish:screen",
    "subscribe",
    "data",
    "chat",
    "admit",
    "moderate"
  ],
  "participants": [
    {
      "id": "bo",
      "name": "Bo 王",
      "role": "speaker",
      "connected": true,
      "metadata": "{\"seat\":1}",
      "hand": 7,
      "publications": [
        {
          "id": "pb_7Qx2",
          "source": "camera",
          "kind": "video",
          "muted": false,
          "width": 1280,
          "height": 720
        },
        {
          "id": "pb_9Lk4",
          "source": "microphone",
          "kind": "audio",
          "muted": true,
          "width": 0,
          "height": 0
        }
      ]
    }
  ],
  "knocking": [
    {
      "id": "cy",
      "name": "Cy",
      "role": "viewer",
      "connected": false,
      "metadata": "",
      "hand": 0,
      "publications": []
    }
  ],
  "messages": [
    {
      "id": "ch_1",
      "sender": "bo",
      "name": "Bo 王",
      "text": "Guten Tag, 你好 👋",
      "to": null,
      "time": 1793971200.25
    },
    {
      "id": "ch_2",
      "sender": "server",
      "name": "",
      "text": "the recording runs",
      "to": null,
      "time": 1793971203.5
    }
  ],
  "topology": {
    "mode": "direct",
    "phase": "commit",
    "epoch": 2,
    "peers": [
      {
        "participant": "bo",
        "polite": true
      }
    ]
  },
  "iceServers": {
    "sfu": [
      {
        "urls": [
          "turns:rtc.example:443?transport=tcp",
          "turn:rtc.example:443?transport=tcp"
        ],
        "username": "1794000000:5f0c1e9a2b47",
        "credential": "KxvnqXBonRJVVIE3Cq+VgXCJQwI="
      }
    ],
    "direct": [
      {
        "urls": [
          "stun:203.0.113.9:3478"
        ],
        "username": null,
        "credential": null
      },
      {
        "urls": [
          "turn:203.0.113.9:3478?transport=udp",
          "turns:rtc.example:443?transport=tcp",
          "turn:rtc.example:443?transport=tcp"
        ],
        "username": "1794000000:5f0c1e9a2b47",
        "credential": "KxvnqXBonRJVVIE3Cq+VgXCJQwI="
      }
    ]
  },
  "limits": {
    "messageBytes": 1048576,
    "messagesPerSecond": 50.0,
    "chatBytes": 10000,
    "publications": 8
  }
},
  'server.knock.json': {
  "seq": 8,
  "type": "knock",
  "participant": {
    "id": "cy",
    "name": "Cy",
    "role": "viewer",
    "connected": false,
    "metadata": "",
    "hand": 0,
    "publications": []
  }
},
  'server.knock_ended.json': {
  "seq": 11,
  "type": "knock_ended",
  "participant": "cy"
},
  'server.media_lost.json': {
  "seq": 19,
  "type": "media_lost",
  "reason": "consent_expired"
},
  'server.need_sections.json': {
  "seq": 18,
  "type": "need_sections",
  "audio": 6,
  "video": 8
},
  'server.offer.json': {
  "seq": 20,
  "type": "offer",
  "from": "bo",
  "serial": 4,
  "sdp": "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n",
  "publications": {
    "0": "pb_7Qx2"
  }
},
  'server.ok.json': {
  "seq": 9,
  "type": "ok",
  "id": 4
},
  'server.participant_joined.json': {
  "seq": 4,
  "type": "participant_joined",
  "participant": {
    "id": "bo",
    "name": "Bo 王",
    "role": "speaker",
    "connected": true,
    "metadata": "{\"seat\":1}",
    "hand": 0,
    "publications": [
      {
        "id": "pb_7Qx2",
        "source": "camera",
        "kind": "video",
        "muted": false,
        "width": 1280,
        "height": 720
      },
      {
        "id": "pb_9Lk4",
        "source": "microphone",
        "kind": "audio",
        "muted": true,
        "width": 0,
        "height": 0
      }
    ]
  }
},
  'server.participant_left.json': {
  "seq": 5,
  "type": "participant_left",
  "participant": "bo",
  "reason": "left"
},
  'server.participant_updated.json': {
  "seq": 6,
  "type": "participant_updated",
  "participant": "cy",
  "name": "Cy",
  "role": "speaker",
  "connected": true,
  "metadata": "",
  "hand": 8
},
  'server.pong.json': {
  "type": "pong",
  "ack": 13,
  "time": 1234.5
},
  'server.publication_added.json': {
  "seq": 12,
  "type": "publication_added",
  "participant": "bo",
  "publication": {
    "id": "pb_7Qx2",
    "source": "camera",
    "kind": "video",
    "muted": false,
    "width": 1280,
    "height": 720
  }
},
  'server.publication_removed.json': {
  "seq": 13,
  "type": "publication_removed",
  "participant": "bo",
  "publication": "pb_7Qx2"
},
  'server.publication_updated.json': {
  "seq": 14,
  "type": "publication_updated",
  "participant": "bo",
  "publication": {
    "id": "pb_9Lk4",
    "source": "microphone",
    "kind": "audio",
    "muted": true,
    "width": 0,
    "height": 0
  },
  "by": "ana"
},
  'server.published.json': {
  "seq": 2,
  "type": "published",
  "id": 2,
  "publication": {
    "id": "pb_7Qx2",
    "source": "camera",
    "kind": "video",
    "muted": false,
    "width": 1280,
    "height": 720
  }
},
  'server.reaction.json': {
  "seq": 32,
  "type": "reaction",
  "participant": "bo",
  "reaction": "👏🏽"
},
  'server.resumed.json': {
  "type": "resumed",
  "session": {
    "id": "se_1f3c",
    "token": "k3Jd8sQ0",
    "grace": 30.0,
    "heartbeat": 15.0
  },
  "ack": 13,
  "iceServers": {
    "sfu": [
      {
        "urls": [
          "turns:rtc.example:443?transport=tcp",
          "turn:rtc.example:443?transport=tcp"
        ],
        "username": "1794000000:5f0c1e9a2b47",
        "credential": "KxvnqXBonRJVVIE3Cq+VgXCJQwI="
      }
    ],
    "direct": [
      {
        "urls": [
          "stun:203.0.113.9:3478"
        ],
        "username": null,
        "credential": null
      },
      {
        "urls": [
          "turn:203.0.113.9:3478?transport=udp",
          "turns:rtc.example:443?transport=tcp",
          "turn:rtc.example:443?transport=tcp"
        ],
        "username": "1794000000:5f0c1e9a2b47",
        "credential": "KxvnqXBonRJVVIE3Cq+VgXCJQwI="
      }
    ]
  }
},
  'server.rights_changed.json': {
  "seq": 7,
  "type": "rights_changed",
  "role": "speaker",
  "rights": [
    "publish:microphone",
    "subscribe",
    "chat"
  ]
},
  'server.room_updated.json': {
  "seq": 15,
  "type": "room_updated",
  "room": {
    "name": "standup",
    "locked": false,
    "waitingRoom": true,
    "maxParticipants": 100,
    "spotlight": null
  }
},
  'server.speakers.json': {
  "seq": 24,
  "type": "speakers",
  "speakers": [
    {
      "participant": "bo",
      "publication": "pb_9Lk4",
      "level": 27
    }
  ]
},
  'server.topology.json': {
  "seq": 16,
  "type": "topology",
  "topology": {
    "mode": "sfu",
    "phase": "prepare",
    "epoch": 3,
    "peers": [
      {
        "participant": "bo",
        "polite": false
      }
    ]
  }
},
  'server.unmute_asked.json': {
  "seq": 33,
  "type": "unmute_asked",
  "by": "ana",
  "source": "microphone"
},
  'server.waiting.json': {
  "seq": 1,
  "type": "waiting"
},
} satisfies Record<string, ServerMessage>;
