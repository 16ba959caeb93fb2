// Package admin is the operator's own listener: the live dashboard, statistics,
// metrics, health, profiles, and the two levers that there are, refresh and reload.
//
//	GET  /             dashboard; the page itself is no secret, and asks for the token
//	GET  /api/live     what it is fed with: an event stream, a glance a second
//	GET  /api/history  the last hour, in points of 5 s; ?route=NAME of one route
//	GET  /api/stats    the ledger, as JSON
//	GET  /api/feeds    the live feeds, without their URLs and keys
//	GET  /api/explain  ?url=/api/scores says what would become of a request, and why
//	POST /api/refresh  ?path=/api/scores polls the feeds of a path at once; see refresh.go
//	POST /api/reload   loads the configuration anew
//	GET  /metrics      Prometheus
//	GET  /healthz      200 while the process lives
//	GET  /readyz       200 while it should get clients
//	GET  /debug/pprof/ profiles
//
// The dashboard eats what pollmux cooks:
//
//	ledger, feeds ─► glance ─► live (upgrade.Source) ─► upgrade.Stream ─► fanout.Engine ─► page
//	       └───────► history, a point every 5 s ──────► /api/history ───────────────────────┘
//
// A glance is taken once for all who look, and not at all if nobody does.
//
// It is net/http: nothing here is hot, and everything that is mounted speaks it.
// By default it listens on loopback. Anything else needs a token, without which
// a page in an operator's browser could read it as well: so requests for another
// host than an address or localhost are refused when there is none (DNS
// rebinding). A page cannot refresh anything either, with or without a token.
package admin
