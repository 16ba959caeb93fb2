// Package demo shows what pollmux does, to people: legacy origins that can only
// be polled, the proxy in front of them, simulated clients, and a page on which
// all of it can be seen at work. Nothing of it leaves the machine.
//
//	crowd ──────────────────────────────────────┐ lane "direct"
//	crowd ──► proxy ──► origin ◄────────────────┘
//	             ▲        ├ site      the legacy servers, counted per lane
//	browser ─────┘        ├ control   what the page's sliders say
//	                      ├ telemetry what the page draws
//	                      └ page      HTML, CSS and JavaScript, embedded
//
// # Lanes
//
// Five crowds of the same size watch one scoreboard, each in its own way: plain
// polls that go straight to the origin, and through the proxy plain polls, long
// polls, streams and WebSockets. Each lane has paths of its own at the origin, so
// that the origin's own counters say what each way costs. On one URL the four
// lanes behind the proxy would share one poll; they are kept apart to be compared.
//
// # Pace
//
// Two intervals can be moved while it runs: how often legacy clients poll, and
// how often the proxy does. A route's interval is fixed, so there is a route per
// interval, and clients move to other paths. A Setting is published together with
// the context in which it holds; turning the knob ends that context, and every
// client begins anew.
//
// # What is measured
//
// Cost is what the origin counts. Lateness is measured by each client, from the
// instant at which the scoreboard changed to the instant at which the client had
// that change, or a later one, in its hands: a journal keeps the instants, for
// changes that a slow poller never sees. Clients that have not heard yet count
// as well, or a slow setting would look quick until the slow ones have heard.
//
// # Eating one's own food
//
// The page is served through the proxy, and what it shows of the simulated
// clients is one more JSON resource of the origin, polled by the proxy and pushed
// to the page over a WebSocket.
package demo
