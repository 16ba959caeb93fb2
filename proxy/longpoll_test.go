package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestALongPollIsHeldUntilTheNextVersion(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	etag := r.get("/scores").Header.Get("ETag")
	answered := make(chan reply, 1)
	go func() {
		a, err := r.try("GET", "/scores", "", "Prefer", "wait=30", "If-None-Match", etag)
		if err != nil {
			t.Error(err)
		}
		answered <- a
	}()
	r.eventually("it is held", func() bool { return r.stats().Subscribers.Longpoll == 1 })
	r.body(`{"v":2}`)
	a := (<-answered).want(t, 200, `{"v":2}`)
	for name, want := range map[string]string{"Preference-Applied": "wait=30", "Cache-Control": "no-store"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	r.eventually("it is no subscriber any more", func() bool { return r.stats().Subscribers.Longpoll == 0 })
}

func TestALongPollWithoutAValidatorIsAnsweredAtOnce(t *testing.T) {
	r := newRig(t, "interval: 1h")
	a := r.get("/scores", "Prefer", "respond-async, wait=30").want(t, 200, `{"v":1}`)
	if got := a.Header.Get("Preference-Applied"); got != "wait=30" {
		t.Errorf("Preference-Applied %q", got)
	}
	if r.stats().ClientRequests.Longpoll != 1 {
		t.Errorf("account: %+v", r.stats().ClientRequests)
	}
}

func TestALongPollEndsWith304(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	etag := r.get("/scores").Header.Get("ETag")
	a := r.get("/scores", "Prefer", "wait=1", "If-None-Match", etag).want(t, 304, "")
	if a.Header.Get("ETag") != etag || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", a.Header)
	}
}

func TestTheRouteCapsAWait(t *testing.T) {
	r := newRig(t, "interval: 10ms", "wait: 1s")
	etag := r.get("/scores").Header.Get("ETag")
	a := r.get("/scores", "Prefer", "wait=3600", "If-None-Match", etag).want(t, 304, "")
	if got := a.Header.Get("Preference-Applied"); got != "wait=1" {
		t.Errorf("Preference-Applied %q", got)
	}
}

func TestWaitQueryAsksForALongPollAndIsNotPartOfTheKey(t *testing.T) {
	r := newRig(t, "interval: 10ms", "wait_query: wait")
	etag := r.get("/scores?league=1").Header.Get("ETag")
	sideBySide(t, map[string]string{
		"bare": etag[1 : len(etag)-1], "escaped": url.QueryEscape(etag), "weak": url.QueryEscape("W/" + etag), "half escaped": "W/" + strings.ReplaceAll(etag, `"`, "%22"),
	}, func(t *testing.T, _, tag string) {
		if a, err := r.try("GET", "/scores?league=1&wait=1&wait_etag="+tag, ""); err != nil || a.StatusCode != 304 {
			t.Errorf("%v, %v", a.Response, err)
		}
	})
	r.get("/scores?wait=5&league=1&wait_etag=%22other%22").want(t, 200, `{"v":1}`)
	for _, request := range r.origin.Requests() {
		if request.Target != "/scores?league=1" {
			t.Errorf("the origin was asked for %s", request.Target)
		}
	}
}

func TestAfterALongPollTheConnectionGoesOn(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	etag := r.get("/scores").Header.Get("ETag")
	c := r.dial()
	br := bufio.NewReader(c)
	held := requestText("GET", "/scores", r.addr, "", []string{"Prefer", "wait=1", "If-None-Match", etag})
	plain := requestText("GET", "/scores", r.addr, "", nil)
	for range 2 {
		for _, step := range []struct {
			request string
			status  int
		}{{held, 304}, {plain, 200}} {
			if _, err := io.WriteString(c, step.request); err != nil {
				t.Fatal(err)
			}
			a, err := readReply(br, "GET")
			if err != nil || a.StatusCode != step.status {
				t.Fatalf("%v, %v", a, err)
			}
		}
	}
}

func TestWhatIsPipelinedBehindALongPollDoesNotWait(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	etag := r.get("/scores").Header.Get("ETag")
	held := requestText("GET", "/scores", r.addr, "", []string{"Prefer", "wait=60", "If-None-Match", etag})
	plain := requestText("GET", "/scores", r.addr, "", nil)
	for name, pause := range map[string]bool{"at once": false, "later": true} {
		t.Run(name, func(t *testing.T) {
			c := r.dial()
			if _, err := io.WriteString(c, held); err != nil {
				t.Fatal(err)
			}
			if pause {
				r.eventually("it is held", func() bool { return r.stats().Subscribers.Longpoll == 1 })
			}
			begin := time.Now()
			if _, err := io.WriteString(c, plain+plain); err != nil {
				t.Fatal(err)
			}
			br := bufio.NewReader(c)
			for _, status := range []int{304, 200, 200} {
				a, err := readReply(br, "GET")
				if err != nil || a.StatusCode != status {
					t.Fatalf("want %d, got %v, %v", status, a.Response, err)
				}
			}
			if time.Since(begin) > 30*time.Second {
				t.Error("it waited")
			}
		})
	}
}

func TestALongPollThatLeavesIsNoticedAtOnce(t *testing.T) {
	r := newRig(t, "interval: 1h")
	etag := r.get("/scores").Header.Get("ETag")
	c := r.dial()
	if _, err := io.WriteString(c, requestText("GET", "/scores", r.addr, "", []string{"Prefer", "wait=60", "If-None-Match", etag})); err != nil {
		t.Fatal(err)
	}
	r.eventually("it is held", func() bool { return r.stats().Subscribers.Longpoll == 1 })
	_ = c.Close()
	r.eventually("it is gone", func() bool { return r.stats().Subscribers.Longpoll == 0 })
}

func TestAnEqualBodyAnd304AndAnIgnoredChangeWakeNobody(t *testing.T) {
	r := newRig(t, "interval: 10ms", `ignore: ["/server_time", "/meta/n"]`)
	versions := make(chan string, 1)
	r.origin.AnswerFunc(func(*legacy.Request) legacy.Answer {
		n := r.polls()
		return legacy.Answer{Header: map[string][]string{"Content-Type": {"application/json"}},
			Body: []byte(`{"v":1,"server_time":` + string(rune('0'+n%10)) + `,"meta":{"n":` + string(rune('0'+n%7)) + `}}`)}
	})
	etag := r.get("/scores").Header.Get("ETag")
	go func() {
		a, _ := r.try("GET", "/scores", "", "Prefer", "wait=30", "If-None-Match", etag)
		versions <- a.body
	}()
	r.eventually("20 polls", func() bool { return r.polls() > 20 })
	select {
	case v := <-versions:
		t.Fatalf("woken with %q", v)
	default:
	}
	r.body(`{"v":2,"server_time":3,"meta":{"n":4}}`)
	if v := <-versions; v != `{"v":2,"server_time":3,"meta":{"n":4}}` {
		t.Fatalf("got %q", v)
	}
	if s := r.stats(); s.Updates != 2 {
		t.Errorf("%d updates", s.Updates)
	}
}

// However a held client leaves, it is no subscriber any more.
func TestAHeldClientThatResetsIsNoticedAtOnce(t *testing.T) {
	r := newRig(t, "interval: 1h")
	etag := r.get("/scores").Header.Get("ETag")
	for _, fields := range [][]string{
		{"Prefer", "wait=60", "If-None-Match", etag}, {"Accept", "text/event-stream"}, {"Accept", "application/x-ndjson"}, {"Accept", "multipart/mixed"},
		{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", sampleKey},
	} {
		held := func() int {
			s := r.stats().Subscribers
			return int(s.Longpoll + s.SSE + s.NDJSON + s.Multipart + s.WebSocket)
		}
		c := r.dial()
		if _, err := io.WriteString(c, requestText("GET", "/scores", r.addr, "", fields)); err != nil {
			t.Fatal(err)
		}
		r.eventually("it is held", func() bool { return held() == 1 })
		_ = c.(wire).SetLinger(0)
		_ = c.Close()
		r.eventually("it is gone", func() bool { return held() == 0 })
	}
}

// What an origin says anew with each answer is no change.
func TestAFieldThatChangesWakesNobody(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.origin.AnswerFunc(func(*legacy.Request) legacy.Answer {
		n := r.polls()
		return legacy.Answer{Body: []byte(`{"v":1}`), Header: map[string][]string{"Content-Type": {"application/json"},
			"X-Request-Id": {fmt.Sprint(n)}, "Date": {time.Unix(int64(1e9+n), 0).UTC().Format(http.TimeFormat)}, "X-Runtime": {fmt.Sprint("0.", n)}}}
	})
	etag := r.get("/scores").Header.Get("ETag")
	c := r.dial()
	if _, err := io.WriteString(c, requestText("GET", "/scores", r.addr, "", []string{"Prefer", "wait=60", "If-None-Match", etag})); err != nil {
		t.Fatal(err)
	}
	r.eventually("20 polls while it is held", func() bool { return r.polls() > 20 && r.stats().Subscribers.Longpoll == 1 })
	if s := r.stats(); s.Updates != 1 {
		t.Errorf("%d updates", s.Updates)
	}
}

// Many who wait are answered with one poll, and those who come back at once wait
// for the next version, or get it: nobody is left behind, and the origin hears
// of none of them.
func TestACrowdOfLongPollsGetsEachChangeFromOnePoll(t *testing.T) {
	const clients, versions = 200, 5
	r := newRig(t, "interval: 50ms")
	begin := time.Now()
	etag := r.get("/scores").Header.Get("ETag")
	ended := make(chan error, clients)
	for range clients {
		go func() { ended <- r.pollUntil(etag, fmt.Sprintf(`{"v":%d}`, versions)) }()
	}
	r.eventually("all are held", func() bool { return r.stats().Subscribers.Longpoll == clients })
	for n := 2; n <= versions; n++ {
		r.body(fmt.Sprintf(`{"v":%d}`, n))
		polls := r.polls()
		r.eventually("it is polled", func() bool { return r.polls() > polls })
	}
	for range clients {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if most := 2 + int(time.Since(begin)/(50*time.Millisecond)); r.polls() > most {
		t.Errorf("%d polls, want at most %d", r.polls(), most)
	}
}

// pollUntil long-polls again and again until it gets a body.
func (r *rig) pollUntil(etag, body string) error {
	c, err := r.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	br := bufio.NewReader(c)
	for {
		if _, err := io.WriteString(c, requestText("GET", "/scores", r.addr, "", []string{"Prefer", "wait=30", "If-None-Match", etag})); err != nil {
			return err
		}
		a, err := readReply(br, "GET")
		if err != nil {
			return err
		}
		if a.body == body {
			return nil
		}
		etag = a.Header.Get("ETag")
	}
}

func TestADrainAnswersLongPollsAndHangsUp(t *testing.T) {
	r := newRig(t, "interval: 1h")
	etag := r.get("/scores").Header.Get("ETag")
	c := r.dial()
	if _, err := io.WriteString(c, requestText("GET", "/scores", r.addr, "", []string{"Prefer", "wait=60", "If-None-Match", etag})); err != nil {
		t.Fatal(err)
	}
	r.eventually("it is held", func() bool { return r.stats().Subscribers.Longpoll == 1 })
	go func() { _ = r.proxy.Shutdown(t.Context()) }()
	a, err := readReply(bufio.NewReader(c), "GET")
	if err != nil {
		t.Fatal(err)
	}
	if a.StatusCode != 304 || !a.Close || a.Header.Get("ETag") != etag {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
}
