package child

import (
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// ReplayOptions are those of the origin that replays a trace.
type ReplayOptions struct {
	Trace string `json:"trace"` // a file
	Body  int    `json:"body"`  // bytes, or a few more
}

// The paths of the resources of a trace: one of these, and the number of the
// resource, from 0. Both serve the same; there are two so that a route can be told
// where in the body to look.
const (
	Silent  = "/silent/"
	Telling = "/telling/"
)

// ReplayPath is where a resource of a trace is.
func ReplayPath(r trace.Resource, number int) string {
	if r.Instants {
		return Telling + strconv.Itoa(number)
	}
	return Silent + strconv.Itoa(number)
}

// replay is resources that change when those of a trace did. Nothing runs in it:
// whoever asks is told what has happened by now.
type replay struct {
	size int

	mu        sync.Mutex
	began     time.Time // zero: it has not
	resources []replayed
	arrivals  []int64 // when requests came, in Unix nanoseconds

	late atomic.Int64 // nanoseconds by which this process was late at most for what it wanted to do
}

// replayed is one of the resources.
type replayed struct {
	trace.Resource
	happened int    // changes
	body     []byte // says so; not changed once it was sent
}

// runReplay runs the origin that replays a trace. Its verbs:
//
//	begin      has the trace begin now, and returns the instant in Unix nanoseconds
//	arrivals   returns when requests came, all of them, in Unix nanoseconds
//	late       returns by how many nanoseconds, at most, this process was late to note something
func runReplay(o ReplayOptions, l net.Listener, s Standard) error {
	f, err := os.Open(o.Trace)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := trace.Read(f)
	if err != nil {
		return err
	}
	g := newReplay(t, o.Body)
	done := make(chan struct{})
	var dozing sync.WaitGroup
	dozing.Go(func() { g.doze(done) })
	defer dozing.Wait()
	defer close(done)
	return s.serve(&fasthttp.Server{Handler: g.serve, NoDefaultServerHeader: true}, l, verbs{
		"begin":    func(string) (any, error) { return g.begin(time.Now()), nil },
		"arrivals": func(string) (any, error) { return g.came(), nil },
		"late":     func(string) (any, error) { return g.late.Load(), nil },
	})
}

func newReplay(t *trace.Trace, size int) *replay {
	g := &replay{size: size}
	for _, r := range t.Resources {
		g.resources = append(g.resources, replayed{Resource: r})
	}
	return g
}

// dozes is how long doze sleeps at a time.
const dozes = 2 * time.Millisecond

// doze sleeps again and again until done is closed, and notes how much too long: so
// late is a request noted that comes meanwhile.
func (g *replay) doze(done <-chan struct{}) {
	tick := time.NewTimer(dozes)
	defer tick.Stop()
	for began := time.Now(); ; began = time.Now() {
		select {
		case <-tick.C:
		case <-done:
			return
		}
		g.late.Store(max(g.late.Load(), int64(time.Since(began)-dozes)))
		tick.Reset(dozes)
	}
}

func (g *replay) begin(now time.Time) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.began = now
	return now.UnixNano()
}

func (g *replay) came() []int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]int64{}, g.arrivals...)
}

func (g *replay) serve(ctx *fasthttp.RequestCtx) {
	number := strings.TrimPrefix(strings.TrimPrefix(string(ctx.Path()), Silent), Telling)
	body := g.answer(number, time.Now())
	if body == nil {
		ctx.SetStatusCode(fasthttp.StatusNotFound)
		return
	}
	ctx.Response.Header.SetContentType("application/json")
	ctx.Response.SetBodyRaw(body)
}

// answer returns the body of a resource, which must not be changed; nil if there is
// none of that number.
func (g *replay) answer(number string, now time.Time) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.arrivals = append(g.arrivals, now.UnixNano())
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(g.resources) {
		return nil
	}
	return g.resources[i].answer(g.began, now, g.size)
}

// answer returns what a resource of a trace says that began then.
func (r *replayed) answer(began, now time.Time, size int) []byte {
	happened := r.happened
	for !began.IsZero() && happened < len(r.Changes) && now.Sub(began).Seconds() >= r.Changes[happened] {
		happened++
	}
	if happened == r.happened && r.body != nil {
		return r.body
	}
	told := Snapshot{Version: int64(happened) + 1, Previous: int64(r.happened) + 1, Asked: now.UnixNano()}
	if happened > 0 {
		told.Changed = began.Add(time.Duration(r.Changes[happened-1] * float64(time.Second))).UnixNano()
	}
	r.happened, r.body = happened, told.render(size)
	return r.body
}
