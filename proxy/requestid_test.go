package proxy

import (
	"regexp"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/proxy/head"
)

func TestAnIDIsTakenOverIfItCanBeToldWithoutHarm(t *testing.T) {
	for lines, want := range map[string]string{
		"X-Request-Id: abc-1.2_3:+/=@Z": "abc-1.2_3:+/=@Z",
		"x-request-ID: a":               "a",
		"X_Request_Id: a":               "a",
		"X-Request-Id: ":                "",
		"X-Request-Id: a b":             "",
		"X-Request-Id: a\"b":            "",
		"X-Request-Id: \xff":            "",
		"X-Request-Id: a,b":             "",
		"X-Request-Id: " + strings.Repeat("x", longestID):          strings.Repeat("x", longestID),
		"X-Request-Id: " + strings.Repeat("x", longestID+1):        "",
		"X-Request-Id: a\r\nX-Request-Id: a":                       "",
		"X-Request-Id: a\r\nX-Request-Id: a\r\nX-Request-Id: a":    "",
		"X-Request-Id: a b\r\nX-Request-Id: a":                     "",
		"Request-Id: a\r\nX-Request-Ids: a\r\nX-Correlation-Id: a": "",
	} {
		var h head.Head
		if !h.ParseWhole([]byte("GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n\r\n")) {
			t.Fatal(lines)
		}
		if got := string(said(&h)); got != want {
			t.Errorf("%q: %q", lines, got)
		}
	}
}

// sentID is what the origin was told of the last request.
func (r *rig) sentID() string {
	all := r.origin.Requests()
	return all[len(all)-1].Header.Get("X-Request-Id")
}

// loggedID is what the access log says of the last one.
func (r *rig) logged(field string) string {
	r.t.Helper()
	r.eventually("a line", func() bool { return strings.HasSuffix(r.access.String(), "\n") })
	lines := strings.Split(strings.TrimSpace(r.access.String()), "\n")
	return fieldIn(lines[len(lines)-1], field)
}

// fieldIn is the value of a field in a line of text.
func fieldIn(line, field string) string {
	if found := regexp.MustCompile(` ` + field + `=("[^"]*"|\S+)`).FindStringSubmatch(line); found != nil {
		return strings.Trim(found[1], `"`)
	}
	return ""
}

func TestTheOriginIsToldOfARequestByTheIDThatTheLogHas(t *testing.T) {
	for name, test := range map[string]struct {
		trusted        bool
		fields         []string
		sent           string // "": one of ours
		logged, client string // likewise
	}{
		"none":                     {sent: "", logged: ""},
		"a client's":               {fields: []string{"X-Request-Id", "theirs"}, sent: "theirs", logged: "", client: "theirs"},
		"a client's odd one":       {fields: []string{"X-Request-Id", "a b"}, sent: "a b", logged: ""},
		"a proxy's":                {trusted: true, fields: []string{"X-Request-Id", "theirs"}, sent: "theirs", logged: "theirs"},
		"a proxy's odd one":        {trusted: true, fields: []string{"X-Request-Id", "a b"}, sent: "a b", logged: ""},
		"a proxy that names none":  {trusted: true},
		"one for this hop only":    {fields: []string{"Connection", "X-Request-Id", "X-Request-Id", "theirs"}, sent: "", logged: "", client: "theirs"},
		"an ID that is no request": {fields: []string{"X-Correlation-Id", "theirs"}},
	} {
		for _, way := range [][]string{nil, {"Connection", "close"}} { // quickly, and through fasthttp
			lines := []string{"mode: pass", "log: {access: {sample: 1}}"}
			if test.trusted {
				lines = append(lines, "trusted_proxies: [127.0.0.0/8]")
			}
			r := newRig(t, lines...)
			r.get("/a", append(way, test.fields...)...).want(t, 200, `{"v":1}`)
			own := regexp.MustCompile(`^[0-9a-f]{16}$`)
			logged, sent := r.logged("id"), r.sentID()
			switch {
			case test.sent != "" && sent != test.sent, test.sent == "" && !own.MatchString(sent):
				t.Errorf("%s: the origin is told %q", name, sent)
			case test.logged != "" && logged != test.logged, test.logged == "" && !own.MatchString(logged):
				t.Errorf("%s: logged as %q", name, logged)
			case test.sent == "" && test.logged == "" && logged != sent:
				t.Errorf("%s: %q and %q", name, sent, logged)
			}
			if got := r.logged("request_id"); got != test.client {
				t.Errorf("%s: the client's own is %q", name, got)
			}
		}
	}
}

func TestNoPollHasAnID(t *testing.T) {
	r := newRig(t, "interval: 10ms", "log: {access: {sample: 1}}")
	r.get("/a", "X-Request-Id", "theirs", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate", "a=b").want(t, 200, `{"v":1}`)
	for _, req := range r.origin.Requests() {
		for _, name := range []string{"X-Request-Id", "Traceparent", "Tracestate"} {
			if req.Header.Get(name) != "" {
				t.Errorf("a poll says %s", req.Head)
			}
		}
	}
}

func TestWhatFailsIsLoggedWithTheIDThatTheOriginGot(t *testing.T) {
	r := newRig(t, "mode: pass")
	r.origin.Break(oneAnswer("200 OK\r\nContent-Length: +1", "x"), "/a")
	r.get("/a")
	line := r.log.String()
	if id := fieldIn(line, "id"); id == "" || id != r.sentID() {
		t.Errorf("%q: %s", r.sentID(), line)
	}
}

func TestAnIDCostsNoAllocation(t *testing.T) {
	buf := make([]byte, 0, 100)
	var r request
	if n := testing.AllocsPerRun(100, func() {
		r.number = 0
		buf = appendNumber(buf[:0], r.ownID())
	}); n != 0 {
		t.Errorf("%v", n)
	}
	if len(buf) != 16 {
		t.Errorf("%q", buf)
	}
}
