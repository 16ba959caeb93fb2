package upgrade_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/upgrade"
)

// response is an answer as a client reads it.
type response struct {
	status int
	header http.Header
	body   string
}

func readResponse(t *testing.T, r *bufio.Reader, method string) response {
	t.Helper()
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{resp.StatusCode, resp.Header, string(body)}
}

// written sends an answer through fasthttp, as the proxy configures it, and
// reads it with another one behind it.
func written(t *testing.T, method string, a upgrade.Answer) response {
	t.Helper()
	server := &fasthttp.Server{
		Handler:               func(ctx *fasthttp.RequestCtx) { a.Write(ctx) },
		NoDefaultServerHeader: true, NoDefaultDate: true, NoDefaultContentType: true, ReduceMemoryUsage: true,
	}
	client, conn := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- server.ServeConn(conn) }()
	request := method + " / HTTP/1.1\r\nHost: x\r\n\r\n"
	go func() { _, _ = io.WriteString(client, request+request) }()
	r := bufio.NewReader(client)
	first, second := readResponse(t, r, method), readResponse(t, r, method)
	_ = client.Close()
	<-served
	if !reflect.DeepEqual(first, second) {
		t.Errorf("the next answer on the connection is %+v after %+v", second, first)
	}
	return first
}

// appended reads an answer that was made without fasthttp, with another one
// behind it.
func appended(t *testing.T, a upgrade.Answer, closing bool) response {
	t.Helper()
	b := a.Append(a.Append([]byte{}, closing), closing)
	r := bufio.NewReader(bytes.NewReader(b))
	first, second := readResponse(t, r, "GET"), readResponse(t, r, "GET")
	if !reflect.DeepEqual(first, second) {
		t.Errorf("%q", b)
	}
	return first
}

// answers are one of each kind.
func answers() map[string]upgrade.Answer {
	full := content(200, "application/json; charset=utf-8", `{"v":1}`)
	full.CacheControl, full.LastModified, full.Age = "max-age=5, must-revalidate", "Thu, 29 Feb 2024 11:00:00 GMT", 3*time.Second
	full.Header = []upgrade.Field{
		{Name: "Expires", Value: "0"}, {Name: "X-Poll-Interval", Value: "5"}, {Name: "x-Odd-CASE", Value: "a,  b"},
		{Name: "Link", Value: "</a>; rel=x"}, {Name: "Link", Value: "</b>; rel=y"}, {Name: "Server", Value: "legacy/1"},
		{Name: "Access-Control-Allow-Origin", Value: "*"}, {Name: "Content-Language", Value: "de"},
		{Name: "Content-Location", Value: "/x"}, {Name: "Cache-Status", Value: "cdn; hit"}, {Name: "Via", Value: "1.1 cdn"},
		{Name: "X-Empty", Value: ""}, {Name: "Retry-After", Value: "7"}, {Name: "Content-Disposition", Value: `inline; filename="h` + "\xe9" + `"`},
	}
	updates := map[string]*upgrade.Update{"full": upgrade.NewUpdate(full)}
	for _, status := range []int{200, 202, 203, 204, 404, 410} {
		u := content(status, "text/plain", "body")
		if status == http.StatusNoContent {
			u.Body = nil
		}
		updates[fmt.Sprint(status)] = upgrade.NewUpdate(u)
	}
	updates["no type"] = upgrade.NewUpdate(content(200, "", "body"))
	updates["empty"] = upgrade.NewUpdate(content(200, "text/plain", ""))
	large := content(200, "application/octet-stream", strings.Repeat("\x00\r\n\xff", 1<<18))
	updates["large"] = upgrade.NewUpdate(large)
	bare := upgrade.Update{Status: 200, Date: full.Date, Body: []byte("bare"), Received: someTime}
	updates["bare"] = upgrade.NewUpdate(bare)

	all := map[string]upgrade.Answer{}
	for name, u := range updates {
		a := upgrade.Answer{Update: u, Now: someTime.Add(90 * time.Second)}
		all[name] = a
		a.CacheStatus, a.Via = "pollmux; hit", "1.1 pollmux"
		all[name+", by a proxy"] = a
		a.Held = 30 * time.Second
		all[name+", held"] = a
		a.NotModified = true
		all[name+", not modified, held"] = a
		a.Held = 0
		all[name+", not modified"] = a
	}
	return all
}

func TestBothWaysToAnswerSayTheSame(t *testing.T) {
	for name, a := range answers() {
		t.Run(name, func(t *testing.T) {
			want, got := written(t, "GET", a), appended(t, a, false)
			if got.status != want.status || got.body != want.body {
				t.Errorf("appended: %d %.50q, written: %d %.50q", got.status, got.body, want.status, want.body)
			}
			if !reflect.DeepEqual(got.header, want.header) {
				t.Errorf("appended: %v\nwritten: %v", got.header, want.header)
			}
			closing := appended(t, a, true)
			closing.header.Del("Connection")
			if !reflect.DeepEqual(closing, got) {
				t.Errorf("closing: %+v\nnot closing: %+v", closing, got)
			}
		})
	}
}

func TestHEADSaysWhatGETSays(t *testing.T) {
	for name, a := range answers() {
		t.Run(name, func(t *testing.T) {
			get, head := written(t, "GET", a), written(t, "HEAD", a)
			if get.header.Get("Content-Length") == "0" {
				get.header.Del("Content-Length") // which a HEAD may leave out (RFC 9110 section 9.3.2)
			}
			if head.body != "" || head.status != get.status || !reflect.DeepEqual(head.header, get.header) {
				t.Errorf("HEAD: %+v\nGET: %d %v", head, get.status, get.header)
			}
		})
	}
}

func TestAStatusWithoutABodyHasNone(t *testing.T) {
	for name, a := range answers() {
		b := string(a.Append(nil, false))
		head, body, ok := strings.Cut(b, "\r\n\r\n")
		bodyless := a.NotModified || a.Update.Status == 204
		if !ok || bodyless && body != "" || bodyless == strings.Contains(head, "Content-Length:") {
			t.Errorf("%s: %.300q", name, b)
		}
		if a.NotModified && (!strings.HasPrefix(b, "HTTP/1.1 304 Not Modified\r\n") || strings.Contains(b, "Content-Type")) {
			t.Errorf("%s: %.300q", name, b)
		}
	}
}

func TestA304KeepsWhatACacheAndABrowserNeed(t *testing.T) {
	a := answers()["full, by a proxy"]
	a.NotModified = true
	r := appended(t, a, false)
	for name, want := range map[string][]string{
		"Etag": {a.Update.ETag}, "Cache-Control": {"max-age=5, must-revalidate"}, "Age": {"93"}, "Vary": {"Accept"},
		"Date": {a.Update.Date}, "Expires": {"0"}, "Content-Location": {"/x"}, "Last-Modified": {a.Update.LastModified},
		"Access-Control-Allow-Origin": {"*"}, "X-Poll-Interval": {"5"}, "Retry-After": {"7"},
		"Cache-Status": {"pollmux; hit"}, "Via": {"1.1 pollmux"},
		"Link": nil, "Content-Language": nil, "Server": nil, "X-Odd-Case": nil,
	} {
		if got := r.header[name]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestWhatWasHeldMayNotBeStored(t *testing.T) {
	for name, a := range answers() {
		r := appended(t, a, false)
		want := a.Update.CacheControl
		if want == "" {
			want = "no-cache"
		}
		applied := []string(nil)
		if a.Held > 0 {
			want, applied = "no-store", []string{"wait=30"}
		}
		if got := r.header.Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", name, got, want)
		}
		if got := r.header["Preference-Applied"]; !reflect.DeepEqual(got, applied) {
			t.Errorf("%s: Preference-Applied %q", name, got)
		}
	}
}

func TestCORSFieldsAreForStreamsToo(t *testing.T) {
	u := upgrade.NewUpdate(upgrade.Update{Header: []upgrade.Field{
		{Name: "access-control-allow-origin", Value: "https://a"}, {Name: "X", Value: "y"},
		{Name: "Timing-Allow-Origin", Value: "*"}, {Name: "Access-Control-Expose-Headers", Value: "X"},
		{Name: "Cross-Origin-Resource-Policy", Value: "cross-origin"}, {Name: "Expires", Value: "0"},
	}})
	var names []string
	for _, f := range u.CORS() {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "access-control-allow-origin Timing-Allow-Origin Access-Control-Expose-Headers Cross-Origin-Resource-Policy" {
		t.Error(got)
	}
}

func TestAnsweringAllocatesNothingForTheDate(t *testing.T) {
	ctx := &fasthttp.RequestCtx{}
	dated, bare := answers()["200"], answers()["bare"]
	allocations := func(a upgrade.Answer) float64 {
		return testing.AllocsPerRun(100, func() {
			ctx.Response.Reset()
			a.Write(ctx)
		})
	}
	without := dated
	u := *dated.Update
	u.Date = ""
	without.Update = &u
	if with, without := allocations(dated), allocations(without); with > without {
		t.Errorf("%v allocations with a Date, %v without", with, without)
	}
	t.Logf("%v allocations for a bare answer", allocations(bare))
}
