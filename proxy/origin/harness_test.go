package origin

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// rig is a client of a server on the loopback that can misbehave. When the test
// ends, no connection and no goroutine may be left.
type rig struct {
	*legacy.Faulty
	t      *testing.T
	client *Client
	url    *url.URL
}

// plain is an answer of that body.
func plain(body string) legacy.Answer { return legacy.Answer{Body: []byte(body)} }

func newRig(t *testing.T, answer legacy.Answer) *rig {
	t.Helper()
	await.Goroutines(t)
	r := &rig{Faulty: legacy.NewFaulty(answer, nil), t: t}
	if err := r.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	r.url = parseURL(t, r.URL())
	r.client = NewClient(r.url, nil)
	r.cleanUp()
	return r
}

// newTLSRig is newRig over TLS, with an authority of its own.
func newTLSRig(t *testing.T, answer legacy.Answer) *rig {
	t.Helper()
	return newTLSRigOn(t, answer, func(l net.Listener) net.Listener { return l })
}

// newTLSRigOn has the listener's TCP connections go through wrap.
func newTLSRigOn(t *testing.T, answer legacy.Answer, wrap func(net.Listener) net.Listener) *rig {
	t.Helper()
	await.Goroutines(t)
	server, client := certificates(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Faulty: legacy.NewFaulty(answer, nil), t: t}
	r.ListenOn(tls.NewListener(wrap(l), server))
	r.url = parseURL(t, "https://"+l.Addr().String())
	r.client = NewClient(r.url, client)
	r.cleanUp()
	return r
}

// certificates returns what a server and those who trust it need.
func certificates(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"origin.test"},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	pair := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return &tls.Config{Certificates: []tls.Certificate{pair}}, &tls.Config{RootCAs: roots, ServerName: "origin.test"}
}

// cleanUp has the client closed at the end, and no connection may survive that.
func (r *rig) cleanUp() {
	r.t.Cleanup(r.Faulty.Close)
	r.t.Cleanup(func() {
		r.client.Close()
		if err := r.AwaitOpen(soon(r.t), 0); err != nil {
			r.t.Errorf("connections were left: %v", err)
		}
	})
}

// checkLeaks compares goroutines before and after a test, after all its other
// cleanups.

func parseURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// soon is a context that ends only if something is broken.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), await.Patience)
	t.Cleanup(cancel)
	return ctx
}

// headOf writes a request head; lines are more of its fields.
func headOf(method, target string, lines ...string) []byte {
	fields := append([]string{method + " " + target + " HTTP/1.1", "Host: origin"}, lines...)
	return []byte(strings.Join(fields, "\r\n") + "\r\n\r\n")
}

// get is a poll: it is never repeated.
func get(target string) *Request {
	return &Request{Method: "GET", Head: headOf("GET", target), Timeout: await.Patience}
}

// safe is a passed GET: it may be repeated.
func safe(target string) *Request {
	req := get(target)
	req.Repeat = true
	return req
}

// post is a request with a body of known length, or a chunked one of -1.
func post(target string, body io.Reader, length int64) *Request {
	framing := fmt.Sprintf("Content-Length: %d", length)
	if length < 0 {
		framing = "Transfer-Encoding: chunked"
	}
	return &Request{Method: "POST", Head: headOf("POST", target, framing), Body: body, Length: length, Abandon: func() {}, Timeout: await.Patience}
}

// do sends a request and reads the answer to its end. The error is that of
// either.
func (r *rig) do(req *Request) (*Response, string, error) {
	r.t.Helper()
	return do(soon(r.t), r.client, req)
}

func do(ctx context.Context, client *Client, req *Request) (*Response, string, error) {
	resp, err := client.Do(ctx, req)
	return readAll(resp, err)
}

// readAll reads what Do returned to its end.
func readAll(resp *Response, err error) (*Response, string, error) {
	if err != nil {
		return nil, "", err
	}
	if resp.Tunnel != nil {
		_ = resp.Tunnel.Close()
		return resp, "", nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// expect sends a request and wants this answer.
func (r *rig) expect(req *Request, status int, body string) *Response {
	r.t.Helper()
	resp, got, err := r.do(req)
	if err != nil {
		r.t.Fatalf("%s: %v", firstLine(req.Head), err)
	}
	if resp.Status != status || got != body {
		r.t.Fatalf("%s: got %d %.80q, want %d %.80q", firstLine(req.Head), resp.Status, got, status, body)
	}
	return resp
}

// expectError sends a request and wants this error.
func (r *rig) expectError(req *Request, want error) {
	r.t.Helper()
	resp, body, err := r.do(req)
	if !errors.Is(err, want) {
		r.t.Fatalf("%s: got %v, %.80q and %v, want %v", firstLine(req.Head), resp, body, err, want)
	}
}

// connections returns how many connections the server has accepted.
func (r *rig) connections() int {
	accepted, _ := r.Connections()
	return accepted
}

// idle returns how many connections lie in the pool.
func (r *rig) idle() int {
	r.client.pool.mu.Lock()
	defer r.client.pool.mu.Unlock()
	return len(r.client.pool.idle)
}

// awaitUnclean waits until something has come on the idle connection, or it was
// closed.
func (r *rig) awaitUnclean() {
	r.t.Helper()
	await.Until(r.t, "the idle connection turns unclean", func() bool {
		r.client.pool.mu.Lock()
		defer r.client.pool.mu.Unlock()
		return len(r.client.pool.idle) == 1 && !r.client.pool.idle[0].socket.silent()
	})
}

// receive waits for a channel.
func receive[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(await.Patience):
		t.Fatalf("still waiting: %s", what)
	}
	return v
}

func firstLine(head []byte) string {
	line, _, _ := strings.Cut(string(head), "\r\n")
	return line
}

// fields makes a Header of lines.
func fields(lines ...string) (h Header) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h = append(h, Field{Name: name, Value: value})
	}
	return h
}
