// Messages of tertulia.v1. Written by schema/generate.py; don't edit.

import type { ClientMessage, ServerMessage } from './generated.ts';

/** The text of a message: where it has bytes they follow it in the frame. */
type Text<M> = M extends { bytes: Uint8Array } ? Omit<M, 'bytes'> : M;

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
  "to": null,
  "key": "Zk3-fR8sT1qYw0aB"
},
  'client.chat_delete.json': {
  "type": "chat_delete",
  "id": 16,
  "message": "ch_1"
},
  'client.chat_edit.json': {
  "type": "chat_edit",
  "id": 15,
  "message": "ch_1",
  "text": "Guten Morgen, 你好 👋"
},
  'client.chat_history.json': {
  "type": "chat_history",
  "id": 14,
  "before": 1793971200250,
  "after": null,
  "changed": null,
  "limit": 50,
  "words": "guten tag"
},
  'client.chat_react.json': {
  "type": "chat_react",
  "id": 17,
  "message": "ch_1",
  "reaction": "👍",
  "on": true
},
  'client.chat_read.json': {
  "type": "chat_read",
  "id": 19,
  "number": 1793971200250
},
  'client.chat_typing.json': {
  "type": "chat_typing",
  "id": 18,
  "active": true,
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
  'client.document_awareness.json': {
  "type": "document_awareness",
  "id": 43,
  "document": "board/1"
},
  'client.document_close.json': {
  "type": "document_close",
  "id": 44,
  "document": "notes"
},
  'client.document_open.json': {
  "type": "document_open",
  "id": 41,
  "document": "notes"
},
  'client.document_sync.json': {
  "type": "document_sync",
  "id": 42,
  "document": "board/1"
},
  'client.end.json': {
  "type": "end",
  "id": 20
},
  'client.file_delete.json': {
  "type": "file_delete",
  "id": 18,
  "file": "fi_1"
},
  'client.file_grant.json': {
  "type": "file_grant",
  "id": 15
},
  'client.file_links.json': {
  "type": "file_links",
  "id": 17,
  "files": [
    "fi_1",
    "fi_2"
  ]
},
  'client.file_list.json': {
  "type": "file_list",
  "id": 16,
  "before": 1793971200250,
  "limit": 50
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
  'client.media_chunk.json': {
  "type": "media_chunk",
  "publication": "pb_7Qx2",
  "codec": "opus",
  "key": true,
  "time": 1294032000,
  "level": 32
},
  'client.media_open.json': {
  "type": "media_open",
  "id": 60,
  "codecs": [
    "vp8",
    "opus"
  ]
},
  'client.media_read.json': {
  "type": "media_read",
  "count": 1880
},
  'client.media_refresh.json': {
  "type": "media_refresh",
  "id": 61,
  "publication": "pb_7Qx2"
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
  'client.presence_set.json': {
  "type": "presence_set",
  "id": 32,
  "state": {
    "cursor": [
      120,
      80
    ],
    "mood": "王"
  }
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
  'client.report.json': {
  "type": "report",
  "id": 9,
  "received": [
    {
      "publication": "pb_7Qx2",
      "freezes": 1,
      "frozen": 0.08,
      "concealed": 0.0,
      "frameRate": 24.5,
      "width": 640,
      "height": 360
    }
  ]
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
  'client.state_delete.json': {
  "type": "state_delete",
  "id": 34,
  "key": "score/home",
  "version": null
},
  'client.state_set.json': {
  "type": "state_set",
  "id": 33,
  "key": "score/home",
  "value": 3,
  "version": 7
},
  'client.subscribe.json': {
  "type": "subscribe",
  "id": 5,
  "publication": "pb_7Qx2"
},
  'client.topic_subscribe.json': {
  "type": "topic_subscribe",
  "id": 30,
  "topic": "/quotes/*",
  "every": 0.25,
  "last": true
},
  'client.topic_unsubscribe.json': {
  "type": "topic_unsubscribe",
  "id": 31,
  "topic": "/quotes/*"
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
} satisfies Record<string, Text<ClientMessage>>;

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
    "time": 1793971200.25,
    "number": 1793971200250
  }
},
  'server.chat_changed.json': {
  "seq": 25,
  "type": "chat_changed",
  "message": {
    "id": "ch_1",
    "sender": "bo",
    "name": "Bo 王",
    "text": "Guten Morgen, 你好 👋",
    "to": null,
    "time": 1793971200.25,
    "number": 1793971200250,
    "change": 1793971260500,
    "edited": 1793971255.0,
    "reactions": [
      {
        "reaction": "👍",
        "by": [
          "ana",
          "cy"
        ]
      }
    ]
  }
},
  'server.chat_cleared.json': {
  "seq": 27,
  "type": "chat_cleared",
  "number": 1793971400000
},
  'server.chat_page.json': {
  "seq": 24,
  "type": "chat_page",
  "id": 14,
  "messages": [
    {
      "id": "ch_1",
      "sender": "bo",
      "name": "Bo 王",
      "text": "Guten Tag, 你好 👋",
      "to": null,
      "time": 1793971200.25,
      "number": 1793971200250
    },
    {
      "id": "ch_2",
      "sender": "bo",
      "name": "Bo 王",
      "text": "",
      "to": null,
      "time": 1793971210.5,
      "number": 1793971210500,
      "change": 1793971300000,
      "deleted": true
    }
  ],
  "more": true
},
  'server.chat_read.json': {
  "seq": 29,
  "type": "chat_read",
  "marks": [
    {
      "participant": "bo",
      "number": 1793971203500
    }
  ]
},
  'server.chat_typing.json': {
  "seq": 28,
  "type": "chat_typing",
  "participants": [
    "bo"
  ],
  "private": false
},
  'server.data.json': {
  "seq": 31,
  "type": "data",
  "from": "bo",
  "topic": "file/1",
  "data": "aGVsbG8=",
  "encoding": "base64"
},
  'server.document_awareness.json': {
  "seq": 52,
  "type": "document_awareness",
  "document": "board/1"
},
  'server.document_closed.json': {
  "seq": 53,
  "type": "document_closed",
  "document": "notes",
  "code": "invalid",
  "message": "this is no sync message, or no update of a document",
  "retryable": false
},
  'server.document_sync.json': {
  "seq": 51,
  "type": "document_sync",
  "document": "notes"
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
  'server.file_added.json': {
  "seq": 31,
  "type": "file_added",
  "file": {
    "id": "fi_1",
    "sender": "bo",
    "senderName": "Bo 王",
    "name": "Übersicht 世界.png",
    "size": 20480,
    "mediaType": "image/png",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "preview": {
      "width": 640,
      "height": 480
    },
    "to": null,
    "time": 1793971200.5,
    "number": 1793971200500
  }
},
  'server.file_granted.json': {
  "seq": 30,
  "type": "file_granted",
  "id": 15,
  "url": "files/standup",
  "token": "grant.eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
  "expires": 1793974800.0,
  "maxBytes": 104857600,
  "types": [
    "image/*",
    "application/pdf"
  ],
  "refused": []
},
  'server.file_linked.json': {
  "seq": 33,
  "type": "file_linked",
  "id": 17,
  "links": [
    {
      "file": "fi_1",
      "url": "files/standup/fi_1/%C3%9Cbersicht.png?expires=1793973600&signature=5f1d",
      "preview": "files/standup/preview/fi_1?expires=1793973600&signature=77ab"
    }
  ],
  "expires": 1793973600.0
},
  'server.file_page.json': {
  "seq": 32,
  "type": "file_page",
  "id": 16,
  "files": [
    {
      "id": "fi_1",
      "sender": "bo",
      "senderName": "Bo 王",
      "name": "Übersicht 世界.png",
      "size": 20480,
      "mediaType": "image/png",
      "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      "preview": {
        "width": 640,
        "height": 480
      },
      "to": null,
      "time": 1793971200.5,
      "number": 1793971200500
    }
  ],
  "more": true
},
  'server.file_removed.json': {
  "seq": 34,
  "type": "file_removed",
  "file": "fi_1"
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
    "spotlight": "bo",
    "audience": 950
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
      "time": 1793971200.25,
      "number": 1793971200250
    },
    {
      "id": "ch_2",
      "sender": "server",
      "name": "",
      "text": "the recording runs",
      "to": null,
      "time": 1793971203.5,
      "number": 1793971203500
    }
  ],
  "chat": {
    "cleared": 1793971000000,
    "read": [
      {
        "participant": "bo",
        "number": 1793971200250
      }
    ]
  },
  "presence": [
    {
      "participant": "bo",
      "state": {
        "cursor": [
          120,
          80
        ]
      }
    }
  ],
  "state": [
    {
      "key": "score/home",
      "value": 3,
      "version": 8
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
  'server.key_frame_wanted.json': {
  "seq": 61,
  "type": "key_frame_wanted",
  "publication": "pb_7Qx2"
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
  'server.media_chunk.json': {
  "type": "media_chunk",
  "publication": "pb_7Qx2",
  "codec": "vp8",
  "key": false,
  "time": 47722152177
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
  'server.presence.json': {
  "seq": 40,
  "type": "presence",
  "participant": "bo",
  "state": {
    "cursor": [
      120,
      80
    ]
  }
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
  'server.quality.json': {
  "seq": 30,
  "type": "quality",
  "participants": [
    {
      "participant": "bo",
      "quality": "good",
      "score": 3.9
    },
    {
      "participant": "cy",
      "quality": null,
      "score": null
    }
  ]
},
  'server.reaction.json': {
  "seq": 32,
  "type": "reaction",
  "participant": "bo",
  "reaction": "👏🏽"
},
  'server.reception.json': {
  "seq": 31,
  "type": "reception",
  "tracks": [
    {
      "publication": "pb_7Qx2",
      "reason": "bandwidth",
      "width": 320,
      "height": 180,
      "score": 3.4
    },
    {
      "publication": "pb_9Lk4",
      "reason": "best",
      "width": 0,
      "height": 0,
      "score": null
    }
  ]
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
    "spotlight": null,
    "audience": 950
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
  'server.state.json': {
  "seq": 41,
  "type": "state",
  "entry": {
    "key": "score/home",
    "value": 3,
    "version": 8
  },
  "from": "bo"
},
  'server.state_deleted.json': {
  "seq": 43,
  "type": "state_deleted",
  "key": "score/home",
  "version": 9,
  "from": "server"
},
  'server.state_stored.json': {
  "seq": 42,
  "type": "state_stored",
  "id": 33,
  "version": 8
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
} satisfies Record<string, Text<ServerMessage>>;
