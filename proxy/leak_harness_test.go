package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// user is somebody whose answers nobody else may see a byte of. Its canary is a
// secret that only it sends, and that every answer of a mirror to it is full of.
type user struct {
	name   string
	canary string
	date   string // in Last-Modified of its answers
}

// nobody sends no credentials; nobody's answers have no canary.
var (
	ann    = &user{"ann", "canary-ann-5d1c8a40e7b2", "Mon, 01 Jan 2001 00:00:00 GMT"}
	bob    = &user{"bob", "canary-bob-91f3e26d04ac", "Tue, 02 Jan 2001 00:00:00 GMT"}
	nobody = &user{name: "nobody"}
	users  = []*user{ann, bob, nobody}

	canaries = regexp.MustCompile(`canary-[a-z]+-[0-9a-f]+`)
)

// carriers are the ways to send a credential, with %s for the canary.
var carriers = []string{"Authorization: Bearer %s", "Cookie: theme=dark; sid=%s", "X-Api-Key: %s", "X-Acme-Session: %s", "x_auth_token: %s"}

// credentials is the user's field line, "" for nobody.
func (u *user) credentials(carrier string) string {
	if u == nobody {
		return ""
	}
	return fmt.Sprintf(carrier, u.canary) + "\r\n"
}

// mirror answers with every canary of the request, wherever it was, in the body
// and in all fields that a client could see, so that an answer in the wrong
// hands shows, and so does an input that is not in the key but on the wire.
func mirror(x *legacy.Request) legacy.Answer {
	all := canaries.FindAllString(string(x.Head)+string(x.Body), -1)
	slices.Sort(all)
	said := strings.Join(slices.Compact(all), " ")
	h := http.Header{
		"Content-Type": {"application/json"}, "X-You": {said}, "Etag": {`"` + said + `"`}, "Link": {"</" + said + ">"},
		"Content-Location": {"/at/" + strings.ReplaceAll(said, " ", "/")}, "Server": {"mirror " + said},
	}
	for _, u := range users {
		if u != nobody && strings.Contains(said, u.canary) {
			h.Set("Last-Modified", u.date)
		}
	}
	return legacy.Answer{Header: h, Body: []byte(`{"you":"` + said + `"}`)}
}

// with is a mirror whose answers are changed.
func (with change) mirror(x *legacy.Request) legacy.Answer {
	a := mirror(x)
	with(x, &a)
	return a
}

type change func(x *legacy.Request, a *legacy.Answer)

// multitude is a rig whose origin is a mirror, and everything that its users heard.
type multitude struct {
	*rig
	mu    sync.Mutex
	heard map[*user]int // how often each heard its own canary
}

// newMultitude starts a rig for a mirror. X-Acme-Session is what its operator calls
// a credential.
func newMultitude(t *testing.T, lines ...string) *multitude {
	t.Helper()
	c := &multitude{rig: newRig(t, append(lines, "credential_headers: [X-Acme-Session]")...), heard: map[*user]int{}}
	c.origin.AnswerFunc(mirror)
	return c
}

// check fails if a user heard of another.
func (c *multitude) check(u *user, what string, heard []byte) {
	for _, other := range users {
		if other != u && other != nobody && (bytes.Contains(heard, []byte(other.canary)) || bytes.Contains(heard, []byte(other.date))) {
			c.t.Errorf("%s: %s heard of %s:\n%q", what, u.name, other.name, heard)
		}
	}
	if u != nobody && bytes.Contains(heard, []byte(u.canary)) {
		c.mu.Lock()
		c.heard[u]++
		c.mu.Unlock()
	}
}

// heardThemselves fails unless both users got answers of their own: else nothing
// was shown.
func (c *multitude) heardThemselves(least int) {
	c.t.Helper()
	for _, u := range []*user{ann, bob} {
		if c.heard[u] < least {
			c.t.Errorf("%s heard its own canary %d times", u.name, c.heard[u])
		}
	}
}

// say sends a request as it is, on a connection of its own, and checks every
// byte that comes until the proxy closes.
func (c *multitude) say(u *user, what, request string) []byte {
	conn, err := c.connect()
	if err != nil {
		c.t.Error(err)
		return nil
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		c.t.Errorf("%s: %v", what, err)
	}
	heard, _ := io.ReadAll(conn) // a reset ends it as well
	c.check(u, what, heard)
	return heard
}

// ear is a connection that remembers what came, for streams and sockets.
type ear struct {
	net.Conn
	heard bytes.Buffer
}

func (e *ear) Read(p []byte) (int, error) {
	n, err := e.Conn.Read(p)
	e.heard.Write(p[:n])
	return n, err
}

// request is the text of one: a request line without its version, and lines.
func (c *multitude) request(line string, lines ...string) string {
	text := line + " HTTP/1.1\r\nHost: " + c.addr + "\r\nConnection: close\r\n"
	for _, l := range lines {
		if l = strings.TrimSuffix(l, "\r\n"); l != "" {
			text += l + "\r\n"
		}
	}
	return text + "\r\n"
}

// all runs something for several clients of each user at once.
func (c *multitude) all(each int, do func(u *user)) {
	var clients sync.WaitGroup
	for _, u := range users {
		for range each {
			clients.Go(func() { do(u) })
		}
	}
	clients.Wait()
}

// saying adds fields to an answer; those without a value are left out.
func saying(fields ...string) change {
	return func(_ *legacy.Request, a *legacy.Answer) {
		for i := 0; i < len(fields); i += 2 {
			if fields[i+1] != "" {
				a.Header.Add(fields[i], fields[i+1])
			}
		}
	}
}

// and is one change after another.
func (with change) and(next change) change {
	return func(x *legacy.Request, a *legacy.Answer) {
		with(x, a)
		next(x, a)
	}
}

// counting makes every answer another version: it ends with "n":1, "n":2, …
func counting() change {
	var n atomic.Int64
	return func(_ *legacy.Request, a *legacy.Answer) {
		i := n.Add(1)
		a.Body = fmt.Appendf(bytes.TrimSuffix(a.Body, []byte("}")), `,"n":%d}`, i)
		a.Header.Set("ETag", fmt.Sprintf(`"%s %d"`, a.Header.Get("X-You"), i))
	}
}
