package proxy

import (
	"bufio"
	"io"
	"net"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// poller asks again and again on one connection.
type poller struct {
	t    *testing.T
	host string
	conn net.Conn
	from *bufio.Reader
}

func newPoller(t *testing.T, r *rig) *poller {
	c, err := r.connect()
	if err != nil {
		t.Error(err)
		return nil
	}
	t.Cleanup(func() { _ = c.Close() })
	return &poller{t: t, host: r.addr, conn: c, from: bufio.NewReader(c)}
}

func (p *poller) send(path string, fields ...string) {
	p.t.Helper()
	if _, err := io.WriteString(p.conn, requestText("GET", path, p.host, "", fields)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *poller) read() reply {
	p.t.Helper()
	a, err := readReply(p.from, "GET")
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func (p *poller) ask(path string, fields ...string) reply {
	p.t.Helper()
	p.send(path, fields...)
	return p.read()
}

// try is ask for goroutines, which may not end a test.
func (p *poller) try(path string, fields ...string) (reply, error) {
	if _, err := io.WriteString(p.conn, requestText("GET", path, p.host, "", fields)); err != nil {
		return reply{}, err
	}
	return readReply(p.from, "GET")
}

// sayWho has the origin tell each who asks who that is.
func sayWho(r *rig) {
	r.origin.AnswerFunc(func(req *legacy.Request) legacy.Answer {
		who := req.Header.Get("Authorization")
		if who == "" {
			who = "nobody"
		}
		return legacy.Answer{Header: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(`{"who":"` + who + `"}`)}
	})
}
