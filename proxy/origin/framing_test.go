package origin

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

const ok = "HTTP/1.1 200 OK\r\n"

// answerWith writes raw bytes and keeps the connection, as a server does that
// believes that it has answered.
func answerWith(text string) legacy.Fault {
	return func(x *legacy.Exchange) { _ = x.Write([]byte(text)) }
}

func TestFramingFaultsAreErrors(t *testing.T) {
	faults := map[string]string{
		"two lengths":                     ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		"the same length twice":           ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
		"a list of lengths":               ok + "Content-Length: 5, 5\r\n\r\nhello",
		"a negative length":               ok + "Content-Length: -1\r\n\r\nhello",
		"a signed length":                 ok + "Content-Length: +5\r\n\r\nhello",
		"half a length":                   ok + "Content-Length: 5x\r\n\r\nhello",
		"an empty length":                 ok + "Content-Length:\r\n\r\nhello",
		"a hexadecimal length":            ok + "Content-Length: 0x5\r\n\r\nhello",
		"a length with a point":           ok + "Content-Length: 5.0\r\n\r\nhello",
		"a length with underscores":       ok + "Content-Length: 1_0\r\n\r\nhello",
		"a length beyond all":             ok + "Content-Length: 9223372036854775808\r\n\r\nhello",
		"another coding":                  ok + "Transfer-Encoding: gzip\r\n\r\nhello",
		"two codings":                     ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"two lines of codings":            ok + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunked twice":                   ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"identity":                        ok + "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
		"an empty coding":                 ok + "Transfer-Encoding:\r\n\r\n0\r\n\r\n",
		"almost chunked":                  ok + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"a coding with a parameter":       ok + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
		"a coding and a broken length":    ok + "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n0\r\n\r\n",
		"a coding in HTTP/1.0":            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a line without a colon":          ok + "Content-Length: 5\r\nnonsense\r\n\r\nhello",
		"an empty name":                   ok + ": x\r\nContent-Length: 5\r\n\r\nhello",
		"a name with a space":             ok + "X Y: x\r\nContent-Length: 5\r\n\r\nhello",
		"a name beyond ASCII":             ok + "X\xc3\xa4: x\r\nContent-Length: 5\r\n\r\nhello",
		"NUL in a value":                  ok + "X: a\x00b\r\nContent-Length: 5\r\n\r\nhello",
		"CR in a value":                   ok + "X: a\rb\r\nContent-Length: 5\r\n\r\nhello",
		"CR before CRLF":                  ok + "X: a\r\r\nContent-Length: 5\r\n\r\nhello",
		"NUL in a name":                   ok + "X\x00: a\r\nContent-Length: 5\r\n\r\nhello",
		"a fold before any field":         ok + " folded: x\r\nContent-Length: 5\r\n\r\nhello",
		"NUL in a fold":                   ok + "X: a\r\n b\x00\r\nContent-Length: 5\r\n\r\nhello",
		"a line end before the status":    "\r\n" + ok + "Content-Length: 5\r\n\r\nhello",
		"a space before the status":       " " + ok + "Content-Length: 5\r\n\r\nhello",
		"status 099":                      "HTTP/1.1 099 Low\r\nContent-Length: 5\r\n\r\nhello",
		"status 600":                      "HTTP/1.1 600 High\r\nContent-Length: 5\r\n\r\nhello",
		"status 1000":                     "HTTP/1.1 1000 High\r\nContent-Length: 5\r\n\r\nhello",
		"status 20":                       "HTTP/1.1 20 Short\r\nContent-Length: 5\r\n\r\nhello",
		"status 200x":                     "HTTP/1.1 200x OK\r\nContent-Length: 5\r\n\r\nhello",
		"status +20":                      "HTTP/1.1 +20 OK\r\nContent-Length: 5\r\n\r\nhello",
		"a CR in the reason":              "HTTP/1.1 200 OK\rContent-Length: 5\r\n\r\nhello",
		"NUL in the reason":               "HTTP/1.1 200 O\x00K\r\nContent-Length: 5\r\n\r\nhello",
		"no status":                       "HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
		"two spaces before the status":    "HTTP/1.1  200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"a 199 with a body":               "HTTP/1.1 199 Odd\r\nContent-Length: 5\r\n\r\nhello\r\n\r\n",
		"a 101 nobody asked for":          "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"HTTP/2.0":                        "HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.2":                        "HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/0.9":                        "<html>hello</html>\r\n\r\n",
		"http/1.1":                        "http/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"another protocol":                "\x00\xffSSH-2.0-legacy\r\nthis is not HTTP\r\n\r\n",
		"a TLS alert":                     "\x15\x03\x01\x00\x02\x02\x46\n\n",
		"a broken status, bare line ends": "HTTP/1.1\n\n",
	}
	for name, wire := range faults {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain("good"))
			r.Break(answerWith(wire), "/bad")
			r.expect(safe("/"), 200, "good") // a used connection, a request that may be repeated
			r.expectError(safe("/bad"), ErrMalformed)
			if got := r.idle(); got != 0 {
				t.Errorf("%d idle connections", got)
			}
			if got := r.Total(); got != 2 {
				t.Errorf("%d requests instead of 2", got)
			}
			r.expect(safe("/"), 200, "good")
		})
	}
}

// TestWhatMayBeMendedIsMendedAndSaidSo: such an answer can be relayed, and its
// connection is not used again (CORRECTNESS H-22).
func TestWhatMayBeMendedIsMendedAndSaidSo(t *testing.T) {
	cases := map[string]struct{ wire, sloppy string }{
		"a coding and a length":         {ok + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "both Transfer-Encoding and Content-Length"},
		"a length and a coding":         {ok + "Content-Length: 3\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "both Transfer-Encoding and Content-Length"},
		"a space before a colon":        {ok + "X : 1\r\nContent-Length: 5\r\n\r\nhello", "white space before a colon"},
		"a tab before the length":       {ok + "Content-Length\t: 5\r\n\r\nhello", "white space before a colon"},
		"a folded line":                 {ok + "X: a\r\n\t b\r\nContent-Length: 5\r\n\r\nhello", "folded line"},
		"a folded length":               {ok + "Content-Length:\r\n 5\r\n\r\nhello", "folded line"},
		"a folded coding":               {ok + "Transfer-Encoding:\r\n chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "folded line"},
		"a bare line feed":              {ok + "X: 1\nContent-Length: 5\r\n\r\nhello", "bare line feed"},
		"a bare status line":            {"HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\nhello", "bare line feed"},
		"a bare end":                    {ok + "Content-Length: 5\r\n\nhello", "bare line feed"},
		"bare line feeds only":          {"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "bare line feed"},
		"an interim answer that is":     {"HTTP/1.1 103 Early Hints\nLink: </a>\n\n" + ok + "Content-Length: 5\r\n\r\nhello", "bare line feed"},
		"an interim answer with a fold": {"HTTP/1.1 102 Processing\r\nX: a\r\n b\r\n\r\n" + ok + "Content-Length: 5\r\n\r\nhello", "folded line"},
		"a 100 with a space":            {"HTTP/1.1 100 Continue\r\nX : a\r\n\r\n" + ok + "Content-Length: 5\r\n\r\nhello", "white space before a colon"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain("good"))
			r.Break(answerWith(c.wire), "/sloppy")
			if resp := r.expect(get("/sloppy"), 200, "hello"); resp.Sloppy != c.sloppy {
				t.Errorf("sloppy: %q, want %q", resp.Sloppy, c.sloppy)
			}
			if got := r.idle(); got != 0 {
				t.Errorf("%d idle connections", got)
			}
			r.expect(get("/"), 200, "good")
		})
	}
}

func TestASloppyTrailerEndsTheConnection(t *testing.T) {
	r := newRig(t, plain("good"))
	r.Break(answerWith(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX : 1\r\n\r\n"))
	resp := r.expect(get("/"), 200, "hello")
	if resp.Trailer.Get("X") != "1" || r.idle() != 0 {
		t.Errorf("trailer %v, %d idle connections", resp.Trailer, r.idle())
	}
}

func TestAConnectionThatMayNotBeUsedAgainIsNot(t *testing.T) {
	cases := map[string]struct{ method, wire, body string }{
		"HTTP/1.0":                    {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
		"HTTP/1.0 with keep-alive":    {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello", "hello"},
		"close":                       {"GET", ok + "Content-Length: 5\r\nConnection: close\r\n\r\nhello", "hello"},
		"close in any case":           {"GET", ok + "Content-Length: 5\r\nConnection: Close\r\n\r\nhello", "hello"},
		"close in a list":             {"GET", ok + "Content-Length: 5\r\nConnection: x-a, close\r\n\r\nhello", "hello"},
		"close on its own line":       {"GET", ok + "Content-Length: 5\r\nConnection: keep-alive\r\nConnection: close\r\n\r\nhello", "hello"},
		"a 204 with a length":         {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", ""},
		"a 204 with a coding":         {"GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
		"a 304 with a coding":         {"GET", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
		"a 304 with a length":         {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""},
		"a HEAD with a length":        {"HEAD", ok + "Content-Length: 5\r\n\r\n", ""},
		"a HEAD with a coding":        {"HEAD", ok + "Transfer-Encoding: chunked\r\n\r\n", ""},
		"a HEAD with both":            {"HEAD", ok + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n", ""},
		"an idle time that ends soon": {"GET", ok + "Content-Length: 5\r\nKeep-Alive: timeout=1\r\n\r\nhello", "hello"},
		"no idle time at all":         {"GET", ok + "Content-Length: 5\r\nKeep-Alive: timeout=0\r\n\r\nhello", "hello"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain("good"))
			r.Break(answerWith(c.wire), "/once")
			_, body, err := r.do(&Request{Method: c.method, Head: headOf(c.method, "/once"), Timeout: await.Patience})
			if body != c.body || err != nil {
				t.Fatalf("got %q, %v", body, err)
			}
			r.expect(get("/"), 200, "good")
			if got := r.connections(); got != 2 {
				t.Errorf("%d connections", got)
			}
		})
	}
}

func TestFieldsKeepTheirOrderNumberAndSpelling(t *testing.T) {
	lines := []string{
		"Set-Cookie: a=1; Path=/", "vary: Accept", "X-Empty:", "Set-Cookie: b=\"2\"", "VARY: Origin,Cookie", "Content-Length: 5",
		"X-UTF-8: \xc3\xa4", "X-Latin-1: \xe4", "X-Tab: a\tb", "X-Colon: a:b::c", "!#$%&'*+-.^_`|~09azAZ: token", "Cache-Control: no-cache=\"a, b\"", "Content-Type: a/b", "Content-Type: c/d",
		"Set-Cookie: a=1; Path=/",
	}
	r := newRig(t, legacy.Answer{})
	r.Break(answerWith(ok + strings.Join(lines, "\r\n") + "\r\nX-Spaces: \t x  y \t\r\n\r\nhello"))
	resp := r.expect(get("/"), 200, "hello")
	want := append(fields(lines...), Field{"X-Spaces", "x  y"})
	want[2] = Field{"X-Empty", ""}
	if fmt.Sprintf("%q", resp.Header) != fmt.Sprintf("%q", want) {
		t.Errorf("got  %q\nwant %q", resp.Header, want)
	}
	if resp.Sloppy != "" || r.idle() != 1 {
		t.Errorf("sloppy: %q, %d idle connections", resp.Sloppy, r.idle())
	}
}

func TestStatusesAreThoseOfTheWire(t *testing.T) {
	r := newRig(t, legacy.Answer{})
	for _, line := range []string{"200 OK", "200 ", "200", "201 Cr\xe9\xe9", "226 IM Used", "299 Odd", "404 Not Found", "451 :", "599 Odd"} {
		r.Break(answerWith("HTTP/1.1 " + line + "\r\nContent-Length: 0\r\n\r\n"))
		resp, _, err := r.do(get("/"))
		if err != nil || fmt.Sprint(resp.Status) != line[:3] || resp.HTTP10 || resp.Length != 0 {
			t.Errorf("%q: got %v, %v", line, resp, err)
		}
	}
}

func TestHeadsHaveALimit(t *testing.T) {
	head := func(size int) string {
		const start, end = ok + "Content-Length: 5\r\nX: ", "\r\n\r\n"
		return start + strings.Repeat("x", size-len(start)-len(end)) + end + "hello"
	}
	many := func(fields int) string {
		return ok + "Content-Length: 5\r\n" + strings.Repeat("X: y\r\n", fields-1) + "\r\nhello"
	}
	folds := func(lines int) string {
		return ok + "Content-Length: 5\r\nX: y\r\n" + strings.Repeat(" z\r\n", lines-2) + "\r\nhello"
	}
	cases := map[string]struct {
		wire     string
		tooLarge bool
	}{
		"the largest":           {head(maxHead), false},
		"a byte more":           {head(maxHead + 1), true},
		"much more":             {head(10 << 20), true},
		"a line without end":    {strings.Repeat("x", 2*maxHead), true},
		"as many fields":        {many(maxFields), false},
		"a field more":          {many(maxFields + 1), true},
		"as many folded lines":  {folds(maxFields), false},
		"a folded line more":    {folds(maxFields + 1), true},
		"an interim of it":      {"HTTP/1.1 103 Early Hints\r\nX: " + strings.Repeat("x", maxHead) + "\r\n\r\n" + head(100), true},
		"interims together not": {strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("x", maxHead/2)+"\r\n\r\n", 3) + head(100), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain("good"))
			r.Break(answerWith(c.wire), "/large")
			r.expect(safe("/"), 200, "good")
			if c.tooLarge {
				r.expectError(safe("/large"), ErrTooLarge)
			} else {
				r.expect(safe("/large"), 200, "hello")
			}
			if got := r.Total(); got != 2 {
				t.Errorf("%d requests instead of 2", got)
			}
		})
	}
}

func TestAnOversizedHeadIsOneRequest(t *testing.T) {
	r := newRig(t, plain("good"))
	r.Break(legacy.OversizedHead(65<<10), "/large")
	r.expect(safe("/"), 200, "good")
	r.expectError(safe("/large"), ErrTooLarge)
	if got := r.Total(); got != 2 {
		t.Errorf("%d requests instead of 2", got)
	}
}

func TestInterimAnswersAreHandedOnInOrder(t *testing.T) {
	r := newRig(t, plain("hello"))
	r.Break(func(x *legacy.Exchange) {
		_ = x.Write([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"))
		_ = x.Respond(x.Answer())
	})
	var got []string
	req := get("/")
	req.Interim = func(status int, header Header) { got = append(got, fmt.Sprint(status, header)) }
	resp := r.expect(req, 200, "hello")
	if want := []string{"103 [{Link </a>} {Link </b>}]", "102 []"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if resp.Header.Has("Link") {
		t.Error("an interim field is in the answer")
	}
	if got := r.idle(); got != 1 {
		t.Errorf("%d idle connections", got)
	}
}

func TestAFloodOfInterimAnswersIsAnError(t *testing.T) {
	for n, want := range map[int]error{maxInterim - 1: nil, maxInterim: ErrMalformed, -1: ErrMalformed} {
		r := newRig(t, plain("hello"))
		r.Break(legacy.Informational(n, 103))
		interim := 0
		req := safe("/")
		req.Interim = func(int, Header) { interim++ }
		_, body, err := r.do(req)
		if !errors.Is(err, want) || want == nil && body != "hello" || interim > maxInterim {
			t.Errorf("%d: got %q, %v and %d interim answers", n, body, err, interim)
		}
		if got := r.Total(); got != 1 {
			t.Errorf("%d: %d requests", n, got)
		}
	}
}

func TestAPanicInInterimLeavesNoConnection(t *testing.T) {
	r := newRig(t, plain("hello"))
	r.Break(legacy.Informational(1, 103))
	req := get("/")
	req.Interim = func(int, Header) { panic("no") }
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		_, _ = r.client.Do(t.Context(), req)
	}()
	if err := r.AwaitOpen(soon(t), 0); err != nil {
		t.Error(err)
	}
}
