// Package upgrade is the client half: how does this client hear what the origin
// says now? It knows nothing of polling, YAML or origins.
//
//	Negotiate ─► poll ────────────► Answer ─► fasthttp writes it
//	          ├► longpoll ─► LongPoll ┐
//	          ├► sse, ndjson,         ├─► fanout.Engine holds the connection
//	          │  multipart ► Stream   │
//	          └► websocket ► Socket  ┘
//
// All of them read a [Source]: the latest [Update] of a resource together with
// the channel that is closed when it is superseded, in one immutable [State], so
// that no wake-up is lost between looking and waiting. A client that is slow
// skips versions, and always gets the last one.
//
// What is sent for an update is encoded once for all clients, when the first of
// them needs it, and compressed once for each content coding that they ask for:
// package coding does that, to whole answers, to the frames of streams and to the
// messages of WebSockets. A source says by [Update.Offer] whether it may. What is
// large is encoded aside, in a goroutine of its own: those who hold clients have no
// time for it, and their sessions wait for it as they do for news.
//
// WebSocket frames are read here, not by a library: the one at hand takes lengths
// that are not minimal and a Close of one byte, finds text that is not UTF-8 only
// when somebody looks, and sends a Close itself, behind which the engine would
// send more. RFC 6455 wants none of that, and is short.
//
// The package is a leaf. Package proxy implements Source and decides who may
// read which.
package upgrade
