package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ==" // of RFC 6455 section 1.3
	switching    = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
	askingSample = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + sampleKey + "\r\n"
)

// half is one end of a tunnel.
type half struct {
	wire
	t testing.TB
	r *bufio.Reader
}

func (h *half) send(text string) {
	h.t.Helper()
	if _, err := io.WriteString(h, text); err != nil {
		h.t.Fatal(err)
	}
}

func (h *half) want(text string) {
	h.t.Helper()
	got := make([]byte, len(text))
	if n, err := io.ReadFull(h.r, got); err != nil || string(got) != text {
		h.t.Fatalf("got %q, %v; want %q", got[:n], err, text)
	}
}

func (h *half) wantEnd(how string) {
	h.t.Helper()
	if b, err := h.r.ReadByte(); err == nil {
		h.t.Fatalf("%s: got byte %q", how, b)
	}
}

// tunnelled opens a tunnel: what is glued to the handshake, and to the 101, goes
// with it. The heads that either end got are returned as well.
func (r *rig) tunnelled(fields, glued, answer string) (client, origin *half, asked, answered string) {
	r.t.Helper()
	origins := make(chan *half, 1)
	release := make(chan struct{})
	r.origin.Break(func(x *legacy.Exchange) {
		c, br := x.Conn()
		_, _ = io.WriteString(c, switching+answer)
		origins <- &half{c.(wire), r.t, br}
		<-release
	})
	r.t.Cleanup(func() { close(release) })
	c := r.dial()
	client = &half{c.(wire), r.t, bufio.NewReader(c)}
	client.send("GET /chat HTTP/1.1\r\nHost: " + r.addr + "\r\n" + askingSample + fields + "\r\n" + glued)
	for !strings.HasSuffix(answered, "\r\n\r\n") {
		line, err := client.r.ReadString('\n')
		if answered += line; err != nil {
			r.t.Fatalf("%q, %v", answered, err)
		}
	}
	origin = <-origins
	_ = origin.SetDeadline(time.Now().Add(await.Patience))
	return client, origin, string(r.requestsTo("/chat")[0].Head), answered
}

func TestATunnelLosesNothingThatCameWithTheHandshakes(t *testing.T) {
	for _, mode := range []string{"mode: pass", "mode: coalesce"} {
		r := newRig(t, mode)
		early, first := strings.Repeat("client first, ", 1000), strings.Repeat("origin first, ", 1000)
		client, origin, _, _ := r.tunnelled("Sec-WebSocket-Protocol: chat\r\n", early, "\r\n"+first)
		origin.want(early)
		client.want(first)
		client.send("\x00\xff")
		origin.want("\x00\xff")
		origin.send("\xff\x00")
		client.want("\xff\x00")
	}
}

func TestATunnelsHeadsAreThoseOfTheEnds(t *testing.T) {
	r := newRig(t, "mode: pass")
	_, _, asked, answered := r.tunnelled("Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"+
		"Sec-WebSocket-Extensions: x-other\r\nCookie: sid=1; b=\"2\"\r\nOrigin: https://elsewhere.example\r\nAuthorization: Bearer x\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n", "",
		"Sec-WebSocket-Protocol: c\r\nSec-WebSocket-Extensions: x-other\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: X-Back\r\nX-Back: 1\r\nKeep-Alive: 5\r\n\r\n")
	asked, answered = strings.ToLower(asked), strings.ToLower(answered)
	for _, line := range []string{"sec-websocket-protocol: a, b", "sec-websocket-protocol: c", "sec-websocket-extensions: permessage-deflate; client_max_window_bits",
		"sec-websocket-extensions: x-other", `cookie: sid=1; b="2"`, "origin: https://elsewhere.example", "authorization: bearer x", "sec-websocket-version: 13",
		"connection: upgrade", "upgrade: websocket", "sec-websocket-key: " + strings.ToLower(sampleKey)} {
		if strings.Count(asked, "\r\n"+line+"\r\n") != 1 {
			t.Errorf("the origin was not asked %q:\n%s", line, asked)
		}
	}
	for _, line := range []string{"sec-websocket-protocol: c", "sec-websocket-extensions: x-other", "set-cookie: a=1", "set-cookie: b=2", "connection: upgrade", "upgrade: websocket",
		"sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="} {
		if strings.Count(answered, "\r\n"+line+"\r\n") != 1 {
			t.Errorf("the client was not answered %q:\n%s", line, answered)
		}
	}
	for _, name := range []string{"x-hop", "keep-alive", "\r\nte:", "x-back"} {
		if strings.Contains(asked+answered, name) {
			t.Errorf("%s was passed on:\n%s%s", name, asked, answered)
		}
	}
}

func TestHalfATunnelCanEndBeforeTheOther(t *testing.T) {
	r := newRig(t, "mode: pass")
	for _, first := range []string{"client", "origin"} {
		client, origin, _, _ := r.tunnelled("", "", "\r\n")
		near, far := client, origin
		if first == "origin" {
			near, far = origin, client
		}
		near.send("last words")
		_ = near.CloseWrite()
		far.want("last words")
		far.wantEnd("half-closed")
		for range 3 { // the other half goes on
			far.send("still here")
			near.want("still here")
		}
		_ = far.Close()
		near.wantEnd("closed")
		r.noTunnels()
	}
}

func (r *rig) noTunnels() {
	r.t.Helper()
	r.eventually("no tunnel is left", func() bool {
		r.proxy.mu.Lock()
		defer r.proxy.mu.Unlock()
		return len(r.proxy.tunnels) == 0
	})
}

func TestATunnelThatBreaksOnOneSideEndsOnTheOther(t *testing.T) {
	r := newRig(t, "mode: pass")
	for _, broken := range []string{"client", "origin"} {
		client, origin, _, _ := r.tunnelled("", "", "\r\n")
		near, far := client, origin
		if broken == "origin" {
			near, far = origin, client
		}
		_ = near.SetLinger(0)
		_ = near.Close()
		far.wantEnd(broken + " has reset")
		r.noTunnels()
	}
}

func TestATunnelIsSilentForSoLongOnly(t *testing.T) {
	r := newRig(t, "mode: pass")
	r.proxy.tunnelIdle = 50 * time.Millisecond
	client, origin, _, _ := r.tunnelled("", "", "\r\n")
	client.wantEnd("idle")
	origin.wantEnd("idle")
	r.noTunnels()
}

// One side that talks keeps both open, whichever it is.
func TestASideOfATunnelWaitsForTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tunnel := &tunnel{idle: tunnelIdle, opened: time.Now()}
		var far [2]net.Conn
		ended := make(chan error, 2)
		for i := range far {
			var near net.Conn
			far[i], near = net.Pipe()
			go func() {
				_, err := io.Copy(io.Discard, onlyReader{side{near, tunnel}})
				ended <- err
			}()
		}
		for n := range 200 {
			time.Sleep(tunnelIdle - time.Second)
			if _, err := far[n/100].Write([]byte("x")); err != nil || len(ended) > 0 {
				t.Fatalf("ended after %d words: %v", n, err)
			}
		}
		begin := time.Now()
		for range far {
			if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != tunnelIdle {
				t.Errorf("%v after %v", err, time.Since(begin))
			}
		}
	})
}

func TestATunnelCarriesMuchBothWaysAndHoldsLittle(t *testing.T) {
	const size = 64 << 20
	r := newRig(t, "mode: pass")
	client, origin, _, _ := r.tunnelled("", "", "\r\n")
	block := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	copied := make(chan error, 4)
	for _, h := range []*half{client, origin} {
		go func() {
			for range size / len(block) {
				if _, err := h.Write(block); err != nil {
					copied <- err
					return
				}
			}
			copied <- h.CloseWrite()
		}()
		go func() {
			sum, want := crc32.NewIEEE(), crc32.NewIEEE()
			for range size / len(block) {
				_, _ = want.Write(block)
			}
			n, err := io.Copy(sum, h.r)
			if err == nil && (n != size || sum.Sum32() != want.Sum32()) {
				err = fmt.Errorf("%d bytes of %d, or others", n, size)
			}
			copied <- err
		}()
	}
	for range 4 {
		if err := <-copied; err != nil {
			t.Error(err)
		}
	}
	r.noTunnels()
}

// A refusal of the origin is its answer, with its body, and the connection goes
// on; an upgrade that says that it is the last request is none.
func TestAHandshakeThatTheOriginRefusesIsAnsweredAsItDid(t *testing.T) {
	r := newRig(t, "mode: pass")
	r.origin.Answer(legacy.Answer{Status: 403, Header: http.Header{"X-Why": {"because"}}, Body: []byte("not you")})
	c := r.dial()
	br := bufio.NewReader(c)
	for range 2 {
		if _, err := io.WriteString(c, "GET /chat HTTP/1.1\r\nHost: x\r\n"+askingSample+"\r\n"); err != nil {
			t.Fatal(err)
		}
		a, err := readReply(br, "GET")
		if err != nil {
			t.Fatal(err)
		}
		a.want(t, 403, "not you")
		if a.Header.Get("X-Why") != "because" {
			t.Errorf("%v", a.Header)
		}
	}
	r.get("/chat", "Connection", "close, Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", sampleKey).want(t, 403, "not you")
	if last := r.requestsTo("/chat")[2]; last.Header.Get("Upgrade") != "" {
		t.Errorf("the origin was asked to upgrade:\n%s", last.Head)
	}
}
