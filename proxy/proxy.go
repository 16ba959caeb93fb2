package proxy

import (
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/authorize"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/journal"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/observe"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/proxy/tracing"
	"github.com/pollmux/pollmux/upgrade/coding"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// Proxy serves clients by a configuration. Make one with New. It has what lives as
// long as the process; what one configuration says is in its rules.
type Proxy struct {
	log       *slog.Logger
	version   string
	agent     string // User-Agent of polls
	loopID    string // this process in CDN-Loop
	trail     string // field lines that every poll carries
	secret    share.Secret
	originTLS *tls.Config
	press     *coding.Press

	rules atomic.Pointer[rules]

	accessLog *journal.Access // nil if there is none
	witness   atomic.Pointer[witness]
	traced    tracing.Counts // by witnesses that are gone; guarded by mu

	reloading sync.Mutex         // held to change the rules, and what goes by them
	servers   []*fasthttp.Server // the first one accepts
	observer  *observe.Observer  // nil if no route was ever observed
	places    uint64             // that upstreams were at
	ended     bool

	ledger   *ledger.Ledger
	feeds    *feed.Feeds
	register *authorize.Register // whom the origin lets in
	engine   *fanout.Engine
	gate     *gate
	crowd    *crowd
	lookout  lookout                         // after passed requests that take long
	server   atomic.Pointer[fasthttp.Server] // of connections to come
	requests sync.Pool                       // of *request
	quicks   sync.Pool                       // of *request, for quick
	spare    sync.Pool                       // of *pass
	buffers  sync.Pool                       // of *[]byte, relayChunk long

	tunnelIdle time.Duration

	mu        sync.Mutex
	listeners map[*listener]struct{}
	tunnels   map[*tunnel]struct{}
	closed    bool
	serving   sync.WaitGroup // goroutines that serve clients outside fasthttp
	leaving   atomic.Bool    // no new clients are wanted
	draining  atomic.Bool
}

// Options are what a configuration does not say.
type Options struct {
	// Log defaults to slog.Default().
	Log *slog.Logger

	// Access is the access log; nil keeps none. It has to be closed after the
	// proxy.
	Access *journal.Access

	// Version is part of the polls' User-Agent.
	Version string

	// OriginTLS is used towards https upstreams; nil means the system's
	// roots.
	OriginTLS *tls.Config
}

// via is this proxy's name in Via (RFC 9110 section 7.6.3), via10 that in what
// came as HTTP/1.0.
const (
	via   = "1.1 pollmux"
	via10 = "1.0 pollmux"
)

func viaOf(http10 bool) string {
	if http10 {
		return via10
	}
	return via
}

// New builds a proxy from a valid configuration, which must not change any
// more. It serves nobody until [Proxy.Serve].
func New(c *config.Config, o Options) (*Proxy, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	id := share.NewSecret()
	p := &Proxy{
		log: o.Log, accessLog: o.Access, version: o.Version, agent: "pollmux/" + o.Version, loopID: "pollmux-" + hex.EncodeToString(id[:4]),
		secret: share.NewSecret(), originTLS: o.OriginTLS, press: coding.NewPress(), ledger: ledger.New(),
		feeds:     feed.New(feedLimits(c.Limits)),
		listeners: map[*listener]struct{}{}, tunnels: map[*tunnel]struct{}{}, tunnelIdle: tunnelIdle,
	}
	if p.log == nil {
		p.log = slog.Default()
	}
	p.trail = "Via: " + via + "\r\nCDN-Loop: " + p.loopID + "\r\n"
	p.register = authorize.New(c.Limits.Authorizations,
		func(err error) { p.log.Error("a client was not let in", "error", err) }, func() { p.ledger.LimitHit(limitAuthorizations) })
	p.engine = fanout.New(func(err error) { p.log.Error("a held client was dropped", "error", err) })
	p.crowd = newCrowd(c.Limits)
	p.gate = newGate(c.Limits, c.Timeouts.Write, p.ledger.LimitHit, func(a netip.Addr) bool { return p.rules.Load().trusts(a) })
	p.gate.quick = p.quick
	p.ledger.Connected(p.gate.count)
	p.requests.New = func() any { return new(request) }
	p.quicks.New = p.requests.New
	p.spare.New = func() any { return p.sparePass() }
	p.buffers.New = func() any { b := make([]byte, relayChunk); return &b }
	first, err := p.newRules(c, nil)
	if err != nil {
		p.engine.Close()
		p.register.Close()
		p.feeds.Close()
		return nil, err
	}
	p.account(first)
	p.rules.Store(first)
	p.serveAs(c)
	w, err := p.newWitness(c, nil)
	if err != nil {
		p.close()
		return nil, err
	}
	p.witness.Store(w)
	p.ledger.Hears(p.heard)
	return p, nil
}

// Ledger is the account of what is saved.
func (p *Proxy) Ledger() *ledger.Ledger { return p.ledger }

// Feeds is the live set.
func (p *Proxy) Feeds() *feed.Feeds { return p.feeds }

// Draining reports whether the proxy is stopping.
func (p *Proxy) Draining() bool { return p.draining.Load() }

// goServe runs f, which serves one client, in a goroutine of its own. A panic in
// it costs that client only. Once the proxy has ended, f finds c closed.
func (p *Proxy) goServe(c net.Conn, f func()) {
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.serving.Add(1)
	}
	p.mu.Unlock()
	if closed {
		_ = c.Close()
		f()
		return
	}
	go func() { // waited for by close
		defer p.serving.Done()
		defer p.recovered(c)
		f()
	}()
}

// errPanicked is what became of what panicked.
var errPanicked = errors.New("it panicked")

// panicked logs what would have ended the process, and what came of it.
func (p *Proxy) panicked(outcome string, what any, more ...any) {
	p.log.Error(outcome, append(more, "panic", fmt.Sprint(what), "stack", string(debug.Stack()))...)
}

// failOn makes an error of a panic, to be deferred where fasthttp, which would
// let it end the process, calls.
func (p *Proxy) failOn(err *error) {
	if r := recover(); r != nil {
		p.panicked("an answer was cut short", r)
		*err = errPanicked
	}
}

// recovered ends a panic, and the connection it happened on.
func (p *Proxy) recovered(c net.Conn) {
	if r := recover(); r != nil {
		p.panicked("a client was dropped", r)
		if c != nil {
			_ = c.Close()
		}
	}
}
