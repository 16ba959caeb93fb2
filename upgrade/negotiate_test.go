package upgrade_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

const (
	poll      = upgrade.Poll
	longpoll  = upgrade.Longpoll
	sse       = upgrade.SSE
	ndjson    = upgrade.NDJSON
	multi     = upgrade.Multipart
	websocket = upgrade.WebSocket
)

func setOf(transports ...upgrade.Transport) (s upgrade.Set) {
	for _, t := range transports {
		s = s.With(t)
	}
	return s
}

var everything = setOf(poll, longpoll, sse, ndjson, multi, websocket)

func TestAcceptChoosesTheStreamThatTheClientLikesBest(t *testing.T) {
	for accept, want := range map[string]upgrade.Transport{
		"":                                     poll,
		"*/*":                                  poll,
		"text/*":                               poll,
		"multipart/*":                          poll,
		"application/json":                     poll,
		"text/event-stream":                    sse,
		"TEXT/Event-Stream":                    sse,
		" \ttext/event-stream ":                sse,
		"text/event-stream; patch=json":        sse,
		"text/event-stream;charset=utf-8":      sse,
		"text/event-stream ; q=1":              sse,
		"application/x-ndjson":                 ndjson,
		"application/jsonl":                    ndjson,
		"application/x-ndjson; patch=json":     ndjson,
		"multipart/x-mixed-replace":            multi,
		"multipart/mixed":                      multi,
		"text/event-stream, */*":               sse,
		"*/*, text/event-stream":               sse,
		"text/event-stream, */*;q=0.5":         sse,
		"text/event-stream;q=0.5, */*":         poll,
		"text/event-stream;q=0.5, */*;q=0.5":   sse,
		"text/event-stream;q=0":                poll,
		"text/event-stream;q=0.000":            poll,
		"text/event-stream;q=0, */*":           poll,
		"text/event-stream;Q=0.001":            sse,
		"text/event-stream; q = 0.5, a/b":      poll,
		"a/b;q=.2, text/event-stream;q=.3":     sse, // java.net.HttpURLConnection
		"a/b;q=0.289, text/event-stream;q=.29": sse,

		"application/x-ndjson, text/event-stream":         ndjson,
		"application/x-ndjson;q=0.9, text/event-stream":   sse,
		"multipart/mixed;q=0.3,application/jsonl;q=0.301": ndjson,

		// What cannot be read counts as 1.
		"text/event-stream;q=2, a/b;q=0.9":   sse,
		"text/event-stream;q=-1, a/b;q=0.9":  sse,
		"text/event-stream;q=NaN, a/b;q=0.9": sse,
		"text/event-stream;q=, a/b;q=0.9":    sse,
		"text/event-stream;q, a/b;q=0.9":     sse,
		"text/event-stream;q=Inf, a/b;q=0.9": sse,
		"text/event-stream;q=x;q=0.1, a/b":   poll,

		// Empty members are none, as when one of several lines is empty.
		",text/event-stream;q=0.5":      sse,
		", , text/event-stream;q=0.5,,": sse,
		";q=1, text/event-stream;q=0.5": sse,

		// A comma or semicolon in quotes separates nothing.
		`a/b;x=", text/event-stream, "`:                          poll,
		`a/b;x="\", text/event-stream, ", c/d`:                   poll,
		`text/event-stream;x="a;q=0", a/b;q=0.5`:                 sse,
		`text/event-stream;x="a,b;q=0.1";q=0.9, text/html;q=0.8`: sse,
		`a/b;x="unclosed, text/event-stream`:                     poll,

		// No media type, but near one.
		"event-stream":                poll,
		"text/event-streams":          poll,
		"text /event-stream":          poll,
		"xtext/event-stream":          poll,
		"text/event-stream/x":         poll,
		"text/html text/event-stream": poll,

		// A browser's navigation, and its <img>.
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8": poll,
		"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8":                      poll,
	} {
		c, ok := upgrade.Negotiate(upgrade.Wish{Accept: []byte(accept)}, everything)
		if !ok || c.Transport != want || c.Accept != (want != poll) {
			t.Errorf("%q: %v %v %v, want %v", accept, c.Transport, c.Accept, ok, want)
		}
	}
}

func TestPreferAsksForALongPoll(t *testing.T) {
	for prefer, want := range map[string]int{
		"":                             0,
		"wait=30":                      30,
		"Wait=30":                      30,
		"wait = 30":                    30,
		"\twait=30 ":                   30,
		`wait="30"`:                    30,
		`wait=" 30"`:                   0,
		"respond-async, wait=30":       30,
		"wait=30, respond-async":       30,
		"wait=30; x=y":                 30,
		"wait=30;x":                    30,
		", ,wait=30":                   30,
		"wait=007":                     7,
		"wait=2147483647":              math.MaxInt32,
		"wait=10, wait=20":             10,
		"wait=x, wait=20":              0, // the first counts
		"wait, wait=20":                0,
		"wait":                         0,
		"wait=":                        0,
		`wait=""`:                      0,
		"wait=0":                       0,
		"wait=-1":                      0,
		"wait=+1":                      0,
		"wait=1.5":                     0,
		"wait=1e3":                     0,
		"wait=0x10":                    0,
		"wait=1_0":                     0,
		"wait=2147483648":              math.MaxInt32,
		"wait=99999999999999999":       math.MaxInt32,
		"wait=99999999999999999999999": math.MaxInt32,
		"wait=10s":                     0,
		"wait=1 0":                     0,
		`wait="10`:                     0,
		`wait=10"`:                     0,
		"await=30":                     0,
		"x=wait; wait=30":              0, // a parameter of x
		`x="a, wait=30"`:               0, // within x
		`x="a, wait=30", wait=20`:      20,
		`x="\", wait=30", wait=2`:      2,
		`x="a;b", wait=5;y="1,2"`:      5,
	} {
		c, ok := upgrade.Negotiate(upgrade.Wish{Prefer: []byte(prefer)}, everything)
		transport := longpoll
		if want == 0 {
			transport = poll
		}
		if !ok || c.Transport != transport || c.Wait != time.Duration(want)*time.Second {
			t.Errorf("%q: %v for %v, %v, want %v s", prefer, c.Transport, c.Wait, ok, want)
		}
	}
}

func TestTheWaitParameterGoesBeforePrefer(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"5": 5 * time.Second, "": 0, "0": 0, "x": 0, "-1": 0, "%35": 0, `"5"`: 0, "5&": 0,
	} {
		c, ok := upgrade.Negotiate(upgrade.Wish{Wait: []byte(value), Prefer: []byte("wait=30")}, everything)
		if !ok || c.Wait != want || (c.Transport == longpoll) != (want > 0) {
			t.Errorf("%q: %v for %v, %v", value, c.Transport, c.Wait, ok)
		}
	}
}

func TestOnlyWhatIsServedIsChosen(t *testing.T) {
	const wait = "wait=5"
	for _, test := range []struct {
		accept, prefer string
		served         upgrade.Set
		want           upgrade.Transport
		ok             bool
	}{
		{"", "", setOf(poll), poll, true},
		{"", "", setOf(sse), poll, false},
		{"", wait, setOf(poll), longpoll, false},
		{"", wait, setOf(poll, longpoll), longpoll, true},
		{"", wait, setOf(longpoll), longpoll, true},
		{"", wait, setOf(sse), longpoll, false},
		{"text/event-stream", wait, setOf(poll, longpoll, sse), sse, true},
		{"text/event-stream", wait, setOf(poll, longpoll), sse, false},
		{"text/event-stream, */*;q=0.1", wait, setOf(poll, longpoll), longpoll, true},
		{"text/event-stream", "", setOf(poll), sse, false},
		{",text/event-stream,", "", setOf(poll), sse, false},
		{"text/event-stream, a/b;q=0.5", "", setOf(poll), poll, true},
		{"text/event-stream, a/b;q=0", "", setOf(poll), sse, false},
		{"application/x-ndjson", "", setOf(poll, sse), ndjson, false},
		{"multipart/mixed", "", setOf(poll, sse), multi, false},

		// Another stream that the client takes is served.
		{"text/event-stream, application/x-ndjson", "", setOf(poll, ndjson), ndjson, true},
		{"text/event-stream, application/x-ndjson;q=0.1", "", setOf(ndjson), ndjson, true},
		{"text/event-stream;q=0.2, application/x-ndjson, multipart/mixed;q=0.3", "", setOf(poll, sse, multi), multi, true},
		{"text/event-stream, application/x-ndjson;q=0", "", setOf(poll, ndjson), sse, false},
		{"text/event-stream, application/x-ndjson;q=0.5, a/b;q=0.7", "", setOf(poll, ndjson), poll, true},
		{"text/event-stream;q=0.5, application/x-ndjson", "", setOf(poll), ndjson, false},

		// An answer that the client would rather have is not to be had.
		{"a/b, text/event-stream;q=0.5", "", setOf(sse), sse, true},
		{"a/b, text/event-stream;q=0.5", "", setOf(longpoll, sse), sse, true},
		{"a/b", "", setOf(sse), poll, false},
	} {
		c, ok := upgrade.Negotiate(upgrade.Wish{Accept: []byte(test.accept), Prefer: []byte(test.prefer)}, test.served)
		if c.Transport != test.want || ok != test.ok {
			t.Errorf("%q %q of %b: %v %v, want %v %v", test.accept, test.prefer, test.served, c.Transport, ok, test.want, test.ok)
		}
	}
}

func TestAHandshakeIsAWebSocketWhateverElseItSays(t *testing.T) {
	w := upgrade.Wish{WebSocket: true, Accept: []byte("text/event-stream"), Prefer: []byte("wait=5"), Transport: []byte("sse")}
	if c, ok := upgrade.Negotiate(w, everything); !ok || c != (upgrade.Choice{Transport: websocket}) {
		t.Errorf("%+v %v", c, ok)
	}
	if c, ok := upgrade.Negotiate(w, setOf(poll, sse)); ok || c.Transport != websocket {
		t.Errorf("not served: %+v %v", c, ok)
	}
}

func TestTheTransportParameterGoesBeforeAllFields(t *testing.T) {
	for _, test := range []struct {
		value string
		want  upgrade.Choice
		ok    bool
	}{
		{"poll", upgrade.Choice{Transport: poll}, true},
		{"longpoll", upgrade.Choice{Transport: longpoll, Wait: 5 * time.Second}, true},
		{"sse", upgrade.Choice{Transport: sse, Accept: true}, true},
		{"ndjson", upgrade.Choice{Transport: ndjson, Accept: true}, true},
		{"multipart", upgrade.Choice{Transport: multi, Accept: true, Picture: true}, true},
		{"websocket", upgrade.Choice{}, false},
		{"pass", upgrade.Choice{}, false},
		{"", upgrade.Choice{}, false},
		{"SSE", upgrade.Choice{}, false},
		{strings.Repeat("x", 1<<16), upgrade.Choice{}, false},
	} {
		w := upgrade.Wish{Transport: []byte(test.value), Accept: []byte("application/jsonl"), Prefer: []byte("wait=5")}
		if c, ok := upgrade.Negotiate(w, everything); c != test.want || ok != test.ok {
			t.Errorf("%.20q: %+v %v", test.value, c, ok)
		}
	}
	if c, _ := upgrade.Negotiate(upgrade.Wish{Transport: []byte("longpoll")}, everything); c.Wait <= 0 {
		t.Errorf("a long poll without a wait: %v", c.Wait)
	}
}

func TestNegotiatingAllocatesNothing(t *testing.T) {
	w := upgrade.Wish{
		Accept: []byte(`text/html,application/xml;q=0.9;x="a,b",image/webp,*/*;q=0.8`), Prefer: []byte(`respond-async, x="1,2", wait=30`),
	}
	if n := testing.AllocsPerRun(100, func() { upgrade.Negotiate(w, everything) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTransportsHaveTheNamesOfTheConfiguration(t *testing.T) {
	for i, name := range []string{"pass", "poll", "longpoll", "sse", "ndjson", "multipart", "websocket"} {
		if got := upgrade.Transport(i); got.String() != name || upgrade.ParseTransport(name) != got {
			t.Errorf("%d: %v, %v", i, got, upgrade.ParseTransport(name))
		}
	}
	if got := upgrade.ParseTransport("carrier pigeon"); got != upgrade.Pass {
		t.Errorf("an unknown name: %v", got)
	}
}
