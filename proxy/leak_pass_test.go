package proxy

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// manners are how an origin may answer a request that has a nonce, and says it back
// wherever it can.
var manners = map[string]legacy.Fault{
	"/good":    legacy.Behave(),
	"/closes":  legacy.CloseAfter(),
	"/silent":  legacy.CloseBeforeHead(),
	"/cut":     legacy.CloseMidBody(3),
	"/cuthead": legacy.CloseMidHead(20),
	"/early":   legacy.Informational(2, http.StatusEarlyHints),
	"/more":    legacy.LongBody([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray")),
	"/glued":   legacy.Glued(legacy.Answer{Body: []byte("stray")}),
	"/304":     says("304 Not Modified\r\nContent-Length: 5\r\nX-Nonce: %s\r\n\r\n"),
	"/304body": says("304 Not Modified\r\nContent-Length: 5\r\nX-Nonce: %s\r\n\r\nstray"),
	"/204":     says("204 No Content\r\nX-Nonce: %s\r\n\r\n"),
	"/chunks":  says("200 OK\r\nX-Nonce: %s\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
	"/101":     says("101 Switching Protocols\r\nX-Nonce: %s\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nstray"),
}

// says is an answer to the nonce of its request.
func says(text string) legacy.Fault {
	return func(x *legacy.Exchange) {
		_ = x.Receive()
		_ = x.Write(fmt.Appendf(nil, "HTTP/1.1 "+text, x.Answer().Header.Get("X-Nonce")))
	}
}

// Many clients, whose requests go the quick way or another, come in pieces or
// together, and are left in the middle, get their own answers and nobody else's from
// an origin without manners. No write is sent twice, and what only reads not more
// often than it may be tried.
func TestPassedRequestsAreAnsweredWithTheirOwnInAStorm(t *testing.T) {
	const clients, each = 6, 60
	r := newRig(t, "mode: pass")
	r.origin.AnswerFunc(func(req *legacy.Request) legacy.Answer {
		nonce := req.Header.Get("X-Nonce")
		return legacy.Answer{Header: http.Header{"X-Nonce": {nonce}}, Body: []byte(strings.Repeat(nonce+" ", 1+len(nonce)%2*2000))}
	})
	var paths []string
	for path, fault := range manners {
		r.origin.Break(fault, path)
		paths = append(paths, path)
	}
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { r.rage(i, each, paths) })
	}
	all.Wait()
	sent := map[string]int{}
	for _, request := range r.origin.Requests() {
		nonce := request.Header.Get("X-Nonce")
		if sent[nonce]++; sent[nonce] > 1 && (request.Method != "GET" || sent[nonce] > 2) {
			t.Errorf("%s %s %s was sent %d times", request.Method, request.Path, nonce, sent[nonce])
		}
	}
}

// rage sends so many requests as one of the clients.
func (r *rig) rage(client, times int, paths []string) {
	var c io.ReadWriteCloser
	var br *bufio.Reader
	hangUp := func() {
		if c != nil {
			_ = c.Close()
		}
		c = nil
	}
	defer hangUp()
	for i := range times {
		if c == nil {
			fresh, err := r.connect()
			if err != nil {
				r.t.Error(err)
				return
			}
			c, br = fresh, bufio.NewReader(fresh)
		}
		method, body, nonce := "GET", "", fmt.Sprintf("n%d-%d", client, i)
		if rand.N(4) == 0 {
			method, body = "POST", "a body"
		}
		path := paths[rand.N(len(paths))]
		text := requestText(method, path, r.addr, body, []string{"X-Nonce", nonce})
		behind := rand.N(5) == 0
		if behind {
			text += requestText("GET", "/good", r.addr, "", []string{"X-Nonce", nonce + "+"})
		}
		if cut := rand.N(len(text)); rand.N(3) == 0 {
			_, _ = io.WriteString(c, text[:cut])
			time.Sleep(time.Duration(rand.N(2)) * time.Millisecond)
			text = text[cut:]
		}
		_, _ = io.WriteString(c, text)
		if rand.N(10) == 0 {
			hangUp()
			continue
		}
		if !r.isOwn(br, method, path, nonce) || behind && !r.isOwn(br, "GET", "/good", nonce+"+") {
			hangUp()
		}
	}
}

// isOwn reads an answer, and reports whether its connection is still good.
func (r *rig) isOwn(br *bufio.Reader, method, path, nonce string) bool {
	for {
		resp, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			return false
		}
		body, err := io.ReadAll(resp.Body)
		if resp.StatusCode == http.StatusEarlyHints {
			continue
		}
		if said := resp.Header.Get("X-Nonce"); said != nonce && resp.StatusCode != http.StatusBadGateway {
			r.t.Errorf("%s %s %s is answered %d, of %q", method, path, nonce, resp.StatusCode, said)
		}
		for word := range strings.FieldsSeq(string(body)) {
			if resp.StatusCode == 200 && path != "/chunks" && !strings.HasPrefix(nonce, word) {
				r.t.Errorf("%s %s %s is answered with %q", method, path, nonce, word)
				break
			}
		}
		if resp.StatusCode == http.StatusBadGateway && strings.Contains(string(body), "stray") {
			r.t.Errorf("%s %s %s gets %q", method, path, nonce, body)
		}
		return err == nil && !resp.Close
	}
}
