package head_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/head"
)

// canary stands where a secret could: no refusal may repeat it.
const canary = "s3cr3t"

// door is a fasthttp server with the settings of package proxy, behind which
// stands nothing but Parse. A request that passes is answered with 200 and its
// target, one that is refused with the status and the text of its error.
type door struct {
	addr string

	mu     sync.Mutex
	passed []string
}

func newDoor(t testing.TB) *door {
	t.Helper()
	d := &door{}
	server := &fasthttp.Server{
		Handler: d.handle,
		ErrorHandler: func(ctx *fasthttp.RequestCtx, err error) {
			status := 400
			if small := new(fasthttp.ErrSmallBuffer); errors.As(err, &small) {
				status = 431
			}
			ctx.SetStatusCode(status)
			ctx.SetConnectionClose()
		},
		Logger: quiet{}, KeepHijackedConns: true, ReduceMemoryUsage: true, StreamRequestBody: true,
		ReadBufferSize: 16 << 10, ReadTimeout: 10 * time.Second, IdleTimeout: 10 * time.Second,
		MaxRequestBodySize: math.MaxInt, DisablePreParseMultipartForm: true, NoDefaultServerHeader: true,
		NoDefaultDate: true, NoDefaultContentType: true, SecureErrorLogMessage: true, CloseOnShutdown: true,
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = l.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return d
}

func (d *door) handle(ctx *fasthttp.RequestCtx) {
	var h head.Head
	if err := h.Parse(&ctx.Request.Header); err != nil {
		refused := new(head.Error)
		if !errors.As(err, &refused) {
			refused = &head.Error{Status: 500, Text: "not an *Error: " + err.Error()}
		}
		ctx.SetStatusCode(refused.Status)
		ctx.SetBodyString(refused.Text)
		ctx.SetConnectionClose()
		return
	}
	if h.Length != 0 {
		_, _ = io.Copy(io.Discard, ctx.RequestBodyStream())
	}
	d.mu.Lock()
	d.passed = append(d.passed, string(h.Target))
	d.mu.Unlock()
	if h.Close {
		ctx.SetConnectionClose()
	}
	ctx.SetBody(h.Target)
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// knock sends bytes on a connection of their own and returns the statuses of
// all answers, separated by spaces.
func (d *door) knock(t *testing.T, raw string) (statuses string) {
	t.Helper()
	c, err := net.Dial("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	_ = c.(*net.TCPConn).CloseWrite()
	var all []string
	for br := bufio.NewReader(c); ; {
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			return strings.Join(all, " ")
		}
		body, _ := io.ReadAll(resp.Body)
		all = append(all, strconv.Itoa(resp.StatusCode))
		if resp.StatusCode != 200 && bytes.Contains(body, []byte(canary)) {
			t.Errorf("the refusal of %q quotes it: %s", raw, body)
		}
		if resp.StatusCode != 200 && !resp.Close {
			t.Errorf("%q is refused, and its connection goes on", raw)
		}
	}
}

// vector is a raw request, and what becomes of it.
type vector struct {
	name, raw, want string
}

// run knocks with each vector. A request that is behind a refused one must not
// be found.
func run(t *testing.T, vectors []vector) {
	t.Helper()
	d := newDoor(t)
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			if got := d.knock(t, v.raw); got != v.want {
				t.Errorf("%q\ngot %q, want %q", v.raw, got, v.want)
			}
		})
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, target := range d.passed {
		if strings.Contains(target, "smuggled") {
			t.Errorf("%s was smuggled in", target)
		}
	}
}

// smuggled is the request that nobody must find.
const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

// get is a GET with more lines.
func get(lines ...string) string {
	return "GET /x HTTP/1.1\r\nHost: a\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// post is a POST with more lines, and with a body.
func post(body string, lines ...string) string {
	return "POST /x HTTP/1.1\r\nHost: a\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

// parse reads a head without a server.
func parse(raw string) (*head.Head, error) {
	req := new(fasthttp.RequestHeader)
	if err := req.Read(bufio.NewReaderSize(strings.NewReader(raw), len(raw)+1)); err != nil {
		return nil, err
	}
	h := new(head.Head)
	return h, h.Parse(req)
}

// request is what fasthttp makes of a head that it takes.
func request(t testing.TB, raw string) *fasthttp.RequestHeader {
	t.Helper()
	req := new(fasthttp.RequestHeader)
	if err := req.Read(bufio.NewReaderSize(strings.NewReader(raw), len(raw)+1)); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return req
}

// mustParse is parse for heads that are right.
func mustParse(t testing.TB, raw string) *head.Head {
	t.Helper()
	h, err := parse(raw)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return h
}
