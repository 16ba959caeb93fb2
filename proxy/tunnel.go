package proxy

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// passUpgrade passes a WebSocket handshake. If the origin accepts it, the two
// connections become one, byte for byte: the frames are between the client and
// the origin.
func (p *Proxy) passUpgrade(r *request, reason share.Reason) {
	x := p.newPass(r, nil)
	x.trace(r)
	resp, err := r.route.upstream.passes.Do(&x.leash, &origin.Request{
		Method: "GET", Head: p.appendPassed(nil, r, true), Timeout: r.route.upstream.Timeout, Upgrade: true,
	})
	r.server = serverOf(resp)
	x.span.Passed(statusOf(resp), r.server.Name())
	if err != nil {
		x.end()
		p.passFailed(r, x.body, err)
		return
	}
	p.noteLogout(r, resp)
	if resp.Tunnel == nil {
		p.relay(r, x, resp, reason)
		return
	}
	x.watch.stop()
	if !acceptsKey(resp, r) {
		_ = resp.Tunnel.Close()
		x.cancel()
		p.refuse(r, newProblem(http.StatusBadGateway, origin.ErrMalformed.Error()))
		return
	}
	p.openTunnel(r, resp, x.cancel)
}

// acceptsKey checks that the origin has understood the handshake (RFC 6455
// section 4.2.2): a 101 to anything else would be an open tunnel.
func acceptsKey(resp *origin.Response, r *request) bool {
	keys := collect(r.head.Lookup("sec-websocket-key"))
	if len(keys) != 1 {
		return false
	}
	return resp.Header.Get("Sec-WebSocket-Accept") == upgrade.AcceptKey(keys[0]) &&
		strings.EqualFold(resp.Header.Get("Upgrade"), "websocket") && resp.Header.HasToken("Connection", "upgrade")
}

// openTunnel answers the client with the origin's 101, and joins the two.
func (p *Proxy) openTunnel(r *request, resp *origin.Response, cancel func()) {
	resp.Detach()
	answer := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
	for _, f := range resp.Header {
		if !isHopField(resp.Header, f.Name) {
			answer = appendLine(answer, f.Name, f.Value)
		}
	}
	answer = append(appendLine(answer, "Via", via), "\r\n"...)
	tenure, note := p.passTenure(r), p.laterHeld(r, http.StatusSwitchingProtocols)
	p.takeOver(r, func(c *conn, early []byte) {
		t := &tunnel{client: &resumed{conn: c, early: c.unfollow(early)}, origin: resp.Tunnel, idle: p.tunnelIdle, opened: time.Now()}
		p.goServe(c, func() {
			defer note.endHeld()
			defer cancel()
			defer p.endWith(tenure, t.close)()
			p.serveTunnel(t, answer)
		})
	}, func() {
		note.endHeld()
		p.endWith(tenure, cancel)()
		_ = resp.Tunnel.Close()
		cancel()
	})
}

// tunnel joins a client and an origin.
type tunnel struct {
	client *resumed
	origin *origin.Tunnel
	idle   time.Duration

	opened  time.Time
	stirred atomic.Int64 // when anything came last, nanoseconds since opened
}

// serveTunnel relays until both sides are done, or one of them breaks.
func (p *Proxy) serveTunnel(t *tunnel, answer []byte) {
	if !p.addTunnel(t) {
		t.close()
		return
	}
	defer p.removeTunnel(t)
	defer t.close()
	if _, err := t.client.Write(answer); err != nil {
		return
	}
	var wait sync.WaitGroup
	wait.Add(1)
	go func() { // waited for below
		defer wait.Done()
		defer p.recovered(t.client)
		p.copyHalf(t, t.origin, side{t.client, t}, t.origin.CloseWrite)
	}()
	p.copyHalf(t, t.client, side{t.origin, t}, t.client.CloseWrite)
	wait.Wait()
}

// copyHalf relays one direction. Its end is passed on, so that the other can
// still be used; a broken one breaks both.
func (p *Proxy) copyHalf(t *tunnel, to io.Writer, from io.Reader, end func() error) {
	buf := p.buffer()
	defer p.buffers.Put(buf)
	if _, err := io.CopyBuffer(onlyWriter{to}, onlyReader{from}, *buf); err != nil || end() != nil {
		t.close()
	}
}

func (t *tunnel) close() {
	_ = t.client.Close()
	_ = t.origin.Close()
}

func (p *Proxy) addTunnel(t *tunnel) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tunnels == nil {
		return false
	}
	p.tunnels[t] = struct{}{}
	return true
}

func (p *Proxy) removeTunnel(t *tunnel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.tunnels, t)
}

// closeTunnels closes what is left of them. They are not ours to say goodbye
// in.
func (p *Proxy) closeTunnels() {
	p.mu.Lock()
	open := slices.Collect(maps.Keys(p.tunnels))
	p.tunnels = nil
	p.mu.Unlock()
	for _, t := range open {
		t.close() // which may wait
	}
}
