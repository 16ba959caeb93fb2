package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/testdata/await"
)

// Somebody asks for one random URL after the other. The origin gets each of those
// requests and not one more, what is kept stays within the limits, and whoever is
// held hears of every change. POLLMUX_URLS says how many; a million takes minutes.
func TestRandomURLsPushNobodyOut(t *testing.T) {
	plainOnly(t)
	urls := 5000
	if n, err := strconv.Atoi(os.Getenv("POLLMUX_URLS")); err == nil {
		urls = n
	}
	const feeds, watched, interval = 500, 20, 100 * time.Millisecond
	var random, live atomic.Int64
	r := newOldRig(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(req.URL.Path, "/live/") {
			fmt.Fprintf(w, `{"n":%d}`, live.Add(1))
			return
		}
		random.Add(1)
		fmt.Fprintf(w, `{"q":%q,"padding":%q}`, req.URL.RawQuery, strings.Repeat("x", 500))
	}, "limits: {feeds: 500, snapshots: 1MiB}", "interval: 100ms", "linger: 1h")
	var quiet atomic.Int64 // the longest time without an event
	var watching sync.WaitGroup
	begin := time.Now()
	for i := range watched {
		s := r.stream(fmt.Sprintf("/live/%d", i), "text/event-stream")
		_ = s.conn.SetDeadline(time.Time{})
		s.event()
		watching.Go(func() {
			for last := time.Now(); ; last = time.Now() {
				if !strings.HasPrefix(nextData(s.body), "data:") {
					return
				}
				if gap := int64(time.Since(last)); gap > quiet.Load() {
					quiet.Store(gap)
				}
			}
		})
		defer s.conn.Close()
	}
	before := heap()
	var attack sync.WaitGroup
	next := make(chan int)
	for range 16 {
		attack.Go(func() {
			c, err := net.Dial("tcp", r.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			br := bufio.NewReader(c)
			for n := range next {
				_, _ = io.WriteString(c, requestText("GET", fmt.Sprintf("/x?q=%d", n), r.addr, "", nil))
				a, err := readReply(br, "GET")
				if err != nil || a.StatusCode != 200 || !strings.Contains(a.body, fmt.Sprintf(`"q=%d"`, n)) {
					t.Errorf("%d: %v, %v", n, a.Response, err)
					return
				}
			}
		})
	}
	most, peak := 0, uint64(0)
	for n := range urls {
		next <- n
		if n%(urls/20) == 0 {
			most, peak = max(most, r.proxy.Feeds().Len()), max(peak, heap())
		}
	}
	close(next)
	attack.Wait()
	took := time.Since(begin)
	t.Logf("%d URLs in %v: %d feeds, %d MiB of heap before and %d at most, %v without an event at most", urls, took, most, before>>20, peak>>20, time.Duration(quiet.Load()))
	if n := random.Load(); n != int64(urls) {
		t.Errorf("the origin got %d requests of %d", n, urls)
	}
	if most > feeds || peak > before+(48<<20) {
		t.Errorf("%d feeds, %d MiB of heap", most, peak>>20)
	}
	if n, allowed := live.Load(), watched*(int64(took/interval)+2); n > allowed {
		t.Errorf("what is watched was polled %d times, at most %d were to be", n, allowed)
	}
	if gap := time.Duration(quiet.Load()); gap > 50*interval {
		t.Errorf("somebody who is held heard nothing for %v", gap)
	}
	if n := r.stats().Subscribers.SSE; n != watched {
		t.Errorf("%d of %d are held", n, watched)
	}
	r.get("/new").want(t, 200, fmt.Sprintf(`{"q":%q,"padding":%q}`, "", strings.Repeat("x", 500)))
}

// nextData returns the next line of data, or "" at the end.
func nextData(br *bufio.Reader) string {
	for {
		line, err := br.ReadString('\n')
		if err != nil || strings.HasPrefix(line, "data:") {
			return line
		}
	}
}

// heap is how much is in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// An origin that stands behind the limit on feeds gets no more than was sent, and
// those who are held there are not pushed out, however many want to be held.
func TestAFloodOfSubscribersIsToldToComeBack(t *testing.T) {
	var polls atomic.Int64
	r := newOldRig(t, func(w http.ResponseWriter, req *http.Request) {
		polls.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "1")
	}, "limits: {feeds: 50, subscribers: 200}", "interval: 1h", "linger: 0s")
	var held, told, refused atomic.Int64
	var clients sync.WaitGroup
	conns := make(chan net.Conn, 600)
	for i := range 600 {
		clients.Go(func() {
			c, err := r.connect()
			if err != nil {
				t.Error(err)
				return
			}
			conns <- c
			accept := []string{"text/event-stream", "application/x-ndjson"}[i%2]
			_, _ = io.WriteString(c, requestText("GET", fmt.Sprintf("/%d", i%100), r.addr, "", []string{"Accept", accept}))
			br := bufio.NewReader(c)
			resp, err := http.ReadResponse(br, nil)
			switch {
			case err != nil:
				t.Error(err)
			case resp.StatusCode == 503:
				refused.Add(1)
			default:
				line, _ := bufio.NewReader(resp.Body).ReadString('\n')
				if resp.Header.Get("Cache-Status") == "" {
					told.Add(1)
				} else if line != "" {
					held.Add(1)
				}
			}
		})
	}
	clients.Wait()
	if held.Load() > 200 || held.Load() == 0 || held.Load()+told.Load()+refused.Load() != 600 {
		t.Errorf("%d are held, %d EventSources and %d others were told to come back", held.Load(), told.Load(), refused.Load())
	}
	if n := polls.Load(); n > 600 {
		t.Errorf("the origin got %d requests of 600 clients", n)
	}
	r.get("/polled").want(t, 200, "1")
	close(conns)
	for c := range conns {
		_ = c.Close()
	}
	r.eventually("all are gone", func() bool { return r.connections() == 0 && r.stats().Subscribers == ledger.Subscribers{} })
	r.stream("/x", "text/event-stream").event()
}

// Who connects and says nothing, says it slowly, or vanishes does not slow down
// anybody else, and leaves nothing behind.
func TestAFloodOfConnectionsLeavesNothingBehind(t *testing.T) {
	r := newRig(t, "limits: {connections: 300}", "timeouts: {header: 1s, idle: 1s, write: 1s}")
	r.get("/x")
	over := make(chan struct{})
	var flood sync.WaitGroup
	var sent atomic.Int64
	for i := range 8 {
		flood.Go(func() {
			for j := 0; ; j++ {
				select {
				case <-over:
					return
				default:
				}
				c, err := net.DialTimeout("tcp", r.addr, await.Patience)
				if err != nil {
					t.Error(err)
					return
				}
				sent.Add(1)
				_, _ = io.WriteString(c, []string{"", "GET /x HT", "GET /x HTTP/1.1\r\nHost: a\r\nX: ", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
					"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n"}[(i+j)%6])
				switch j % 4 {
				case 0: // it is left open, and nobody reads from it
					defer c.Close()
				case 1:
					_ = c.(wire).SetLinger(0)
					fallthrough
				case 2:
					_ = c.Close()
				case 3:
					_ = c.(wire).CloseWrite()
					defer c.Close()
				}
				if j > 400 {
					return
				}
			}
		})
	}
	slowest, served := time.Duration(0), 0
	for range 200 {
		begin := time.Now()
		a, err := r.try("GET", "/x", "")
		if err == nil && a.StatusCode == 200 {
			served++
		}
		slowest = max(slowest, time.Since(begin))
	}
	close(over)
	t.Logf("%d connections; %d of 200 polls were answered, the slowest after %v: %v", sent.Load(), served, slowest, r.proxy.Ledger().Stats().Limits)
	if slowest > 5*time.Second || served == 0 {
		t.Errorf("%d of 200 polls were answered, the slowest after %v", served, slowest)
	}
	flood.Wait()
	r.eventually("all are gone", func() bool { return r.connections() == 0 })
	r.eventually("and what served them", func() bool {
		all := make([]byte, 8<<20)
		all = all[:runtime.Stack(all, true)]
		for _, one := range []string{"fanout.(*loop)", "fanout.(*ear)", "fanout.(*audience)", "(*watch).run"} {
			if bytes.Contains(all, []byte(one)) {
				return false
			}
		}
		return true // the engine's shards stay
	})
	r.get("/x").want(t, 200, `{"v":1}`)
}
