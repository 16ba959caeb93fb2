package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// host is a server that traffic comes to, and what it saw of it.
type host struct {
	mu      sync.Mutex
	arrived map[int64]int // writes by number
	seen    map[string]int
}

func (h *host) note(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen[what]++
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	switch {
	case r.URL.Path == "/upload" && err == nil:
		h.note("a whole upload")
	case r.URL.Path == "/upload":
		h.note("a cut upload")
	case err != nil:
		h.note("a cut write")
	case r.URL.Path == "/write":
		number, _ := strconv.ParseInt(string(body), 10, 64)
		h.mu.Lock()
		h.arrived[number]++
		h.mu.Unlock()
		w.WriteHeader(http.StatusCreated)
	case r.Header.Get("Accept") == "application/x-ndjson":
		h.note("a stream")
		_, _ = fmt.Fprintf(w, "%s\n", r.Header.Get("Authorization"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	default:
		h.note("a poll")
		w.Header().Set("ETag", `"x"`)
		_, _ = io.WriteString(w, r.Header.Get("Authorization"))
	}
}

func (h *host) has(what ...string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range what {
		if h.seen[one] == 0 {
			return false
		}
	}
	return len(h.arrived) > 0
}

func TestTrafficDoesAllSortsOfThingsAndEndsWhenItIsStopped(t *testing.T) {
	h := &host{arrived: map[int64]int{}, seen: map[string]int{}}
	address := serve(t, h.ServeHTTP)
	var writes Writes
	var right, wrong atomic.Int64
	traffic := NewTraffic(TrafficOptions{
		Address: address, Guests: 40, Targets: []string{"/a", "/b"}, Large: []string{"/c"}, Identities: []string{"x", "y"},
		Write: "/write", Upload: "/upload", Number: func(n int64) []byte { return strconv.AppendInt(nil, n, 10) }, Writes: &writes,
		Stay: 200 * time.Millisecond, Patience: 10 * time.Second,
		See: func(v *Visit, snapshot []byte) {
			if string(snapshot) == v.Identity {
				right.Add(1)
			} else {
				wrong.Add(1)
			}
		},
	})
	if err := traffic.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !h.has("a poll", "a stream", "a cut upload") || right.Load() == 0 {
		if !pause(ctx, time.Millisecond) {
			t.Fatal("it has not done all that it should")
		}
	}
	traffic.Stop()
	if wrong.Load() != 0 || traffic.Told.Hung.Load() != 0 || traffic.Told.Asked.Load() == 0 || traffic.Told.Visits.Load() == 0 || traffic.Told.Held() == 0 {
		t.Errorf("%d of %d wrong, %+v", wrong.Load(), right.Load(), &traffic.Told)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := writes.Compare(h.arrived); h.seen["a whole upload"] != 0 || h.seen["a cut write"] != 0 || a.Good == 0 || a.Lost != 0 || a.Repeated != 0 {
		t.Errorf("%+v, %v", a, h.seen)
	}
}

func TestTheAudienceComesBackAndIsBehindUntilItHasNews(t *testing.T) {
	var joined atomic.Int64
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != "application/x-ndjson" {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		_ = http.NewResponseController(w).Flush()
		_, _ = fmt.Fprintf(w, "%d\n", joined.Add(1)) // and goodbye
	})
	traffic := NewTraffic(TrafficOptions{
		Address: address, Targets: []string{"/a"}, Identities: []string{""}, Patience: time.Second,
		See: func(v *Visit, snapshot []byte) { v.Versions[v.Target], _ = strconv.ParseInt(string(snapshot), 10, 64) },
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	v := traffic.visit(testRandom())
	v.kind = NDJSON
	traffic.audience = append(traffic.audience, v)
	if traffic.Behind(0) != 1 {
		t.Error("it is not behind before it came")
	}
	traffic.running.Go(func() { v.attend(ctx) })
	if err := traffic.awaitNewer(ctx, 2); err != nil || traffic.Behind(2) != 0 || traffic.Told.Drops.Load() < 2 {
		t.Error(err, traffic.Behind(2), traffic.Told.Drops.Load())
	}
	cancel()
	traffic.running.Wait()
}

func TestAnAnswerThatDoesNotBeginIsCounted(t *testing.T) {
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	traffic := NewTraffic(TrafficOptions{Address: address, Targets: []string{"/a"}, Identities: []string{""}, Patience: time.Millisecond})
	for traffic.Told.Hung.Load() == 0 {
		v := traffic.visit(testRandom())
		if err := v.come(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = v.pollOnce(t.Context())
		v.leave()
	}
}

func TestAHeadThatIsListenedToForTooLongIsCounted(t *testing.T) {
	address := listen(t, func(_ context.Context, _ net.Conn, in *bufio.Reader) { _, _ = io.Copy(io.Discard, in) })
	traffic := NewTraffic(TrafficOptions{Address: address, Targets: []string{"/a"}, Identities: []string{""}, Dribble: time.Millisecond})
	v := traffic.visit(testRandom())
	if err := v.come(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.dribble(t.Context())
	v.leave()
	if traffic.Told.Dribbled.Load() != 1 {
		t.Error(traffic.Told.Dribbled.Load())
	}
}

func TestOnlyWholeAnswersAreTaken(t *testing.T) {
	var seen []string
	traffic := NewTraffic(TrafficOptions{
		Targets: []string{"/"}, Identities: []string{""},
		See: func(_ *Visit, snapshot []byte) { seen = append(seen, string(snapshot)) },
	})
	for text, want := range map[string]bool{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc":                              true,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n":   true,
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc":                              false,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n":            false,
		"HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nabc":                              false,
		"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n":                             false,
		"HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", enough+1):                      false,
		"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + strings.Repeat("x", 999): false,
	} {
		seen = nil
		v := traffic.visit(testRandom())
		v.conn = reading(t, text)
		head, err := v.conn.readHead()
		if err != nil {
			t.Fatal(err)
		}
		if _ = v.take(head); (len(seen) == 1 && seen[0] == "abc") != want || !want && len(seen) != 0 {
			t.Errorf("%.60q: %.60q", text, seen)
		}
	}
}

func TestAMessageOfAClientIsAMaskedTextFrame(t *testing.T) {
	if got := message([]byte("hi")); !bytes.Equal(got, []byte{0x81, 0x82, 0, 0, 0, 0, 'h', 'i'}) {
		t.Errorf("% x", got)
	}
	if got := message(bytes.Repeat([]byte{'x'}, 300)); !bytes.Equal(got[:8], []byte{0x81, 0xFE, 1, 44, 0, 0, 0, 0}) || len(got) != 308 {
		t.Errorf("% x", got[:8])
	}
}
