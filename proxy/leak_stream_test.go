package proxy

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

const handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="

// transports are what a client sends to get each, and after how many versions it
// has seen enough.
var transports = []struct {
	name, lines string
	versions    int
}{
	{"poll", "", 1},
	{"longpoll", "Prefer: wait=5\r\nIf-None-Match: %s", 1},
	{"sse", "Accept: text/event-stream", 3},
	{"ndjson", "Accept: application/x-ndjson", 3},
	{"multipart", "Accept: multipart/mixed", 3},
	{"websocket", handshake, 3},
	{"websocket of one's own", handshake + "\r\nSec-WebSocket-Protocol: own", 1},
}

var tagLine = regexp.MustCompile(`(?mi)^etag: (.*)\r$`)

// listen asks for a resource through a transport and listens until it has heard
// so many versions, or the proxy closes.
func (c *multitude) listen(u *user, what, path, carrier, lines string, versions int) {
	conn, err := c.connect()
	if err != nil {
		c.t.Error(err)
		return
	}
	defer conn.Close()
	e := &ear{Conn: conn}
	if strings.Contains(lines, "%s") {
		tag := tagLine.FindSubmatch(c.say(u, what, c.request("GET "+path, u.credentials(carrier))))
		if tag == nil {
			return // it failed: there is nothing to have
		}
		lines = fmt.Sprintf(lines, tag[1])
	}
	text := "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + u.credentials(carrier)
	if lines != "" {
		text += lines + "\r\n"
	}
	if _, err := io.WriteString(conn, text+"\r\n"); err != nil {
		c.t.Errorf("%s: %v", what, err)
	}
	buf := make([]byte, 4096)
	for err == nil && bytes.Count(e.heard.Bytes(), []byte(`"n":`)) < versions && !isOver(e.heard.Bytes()) {
		_, err = e.Read(buf)
	}
	c.check(u, what, e.heard.Bytes())
}

// isOver reports whether a whole answer has come that is no stream: one for this
// client alone, a refusal, or that nothing changed. The next version is for the
// next request.
func isOver(heard []byte) bool {
	alone := bytes.Contains(heard, []byte("fwd=bypass")) && bytes.Contains(heard, []byte(`"n":`))
	return alone || bytes.Contains(heard, []byte("application/problem+json")) || bytes.HasPrefix(heard, []byte("HTTP/1.1 304"))
}

// RFC 9111 section 3.5, for every way to be told.
func TestAuthMatrix(t *testing.T) {
	for _, share := range []string{"auto", "public"} {
		for _, said := range []string{"", "public", "s-maxage=0", "must-revalidate", "private", "no-store", "no-cache"} {
			for _, carrier := range carriers {
				t.Run(share+"/"+said+"/"+carrier, func(t *testing.T) {
					t.Parallel()
					c := newMultitude(t, "interval: 10ms", "share: "+share)
					c.origin.AnswerFunc(counting().and(saying("Cache-Control", said)).mirror)
					var clients sync.WaitGroup
					for _, transport := range transports {
						for _, u := range users {
							clients.Go(func() {
								c.listen(u, transport.name, "/me", carrier, transport.lines, transport.versions)
							})
						}
					}
					clients.Wait()
					if share == "auto" {
						c.heardThemselves(len(transports))
					}
				})
			}
		}
	}
}

// A subscriber's messages go with the credentials of its own handshake, and what
// comes of them is told to those who may know.
func TestAMessageIsSentAsWhoeverSentIt(t *testing.T) {
	c := newMultitude(t, "interval: 10ms", "websocket: {send: {method: POST, path: /me}}")
	c.origin.AnswerFunc(counting().mirror)
	c.all(4, func(u *user) {
		conn, err := c.connect()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		e := &ear{Conn: conn}
		_, _ = io.WriteString(conn, "GET /me HTTP/1.1\r\nHost: a\r\n"+u.credentials(carriers[0])+handshake+"\r\n\r\n")
		buf := make([]byte, 4096)
		for n := 0; err == nil && n < 5; n = bytes.Count(e.heard.Bytes(), []byte(`"n":`)) {
			_, _ = conn.Write([]byte{0x81, 0x82, 0, 0, 0, 0, 'h', 'i'})
			_, err = e.Read(buf)
		}
		c.check(u, "a socket", e.heard.Bytes())
	})
	c.heardThemselves(4)
	for _, request := range c.origin.Requests() {
		if request.Method == "POST" && bytes.Count(request.Head, []byte("canary-")) > 1 {
			t.Errorf("a message of two users:\n%s", request.Head)
		}
	}
}

// A user whose answers stop being shareable takes nobody along, and nobody sees
// the answer that was not.
func TestATaintInTheMiddleOfAStreamIsHeardByNobodyElse(t *testing.T) {
	for name, taint := range map[string]change{
		"a cookie":     saying("Set-Cookie", "sid=1"),
		"private":      saying("Cache-Control", "private"),
		"a token":      saying("X-Acme-Session", "1"),
		"Vary":         saying("Vary", "*"),
		"unauthorized": func(_ *legacy.Request, a *legacy.Answer) { a.Status = 401 },
		"a redirect":   func(_ *legacy.Request, a *legacy.Answer) { a.Status = 302; a.Header.Set("Location", string(a.Body)) },
		"a failure":    func(_ *legacy.Request, a *legacy.Answer) { a.Status = 500 },
		"a part": func(_ *legacy.Request, a *legacy.Answer) {
			a.Status = 206
			a.Header.Set("Content-Range", "bytes 0-9/10")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newMultitude(t, "interval: 10ms")
			count := counting()
			c.origin.AnswerFunc(change(func(x *legacy.Request, a *legacy.Answer) {
				if count(x, a); bytes.HasSuffix(a.Body, []byte("7}")) || bytes.HasSuffix(a.Body, []byte("8}")) {
					taint(x, a)
				}
			}).mirror)
			c.all(3, func(u *user) {
				for _, transport := range transports {
					c.listen(u, transport.name, "/me", carriers[0], transport.lines, transport.versions)
				}
			})
		})
	}
}
