package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// DrainOptions are those of Drain.
type DrainOptions struct {
	N       int // held clients
	Kinds   []load.Kind
	Timeout time.Duration // drain_timeout
	Binary  string        // pollmux; "" builds one
	Say     Say
}

// DrainResult is the outcome of Drain.
type DrainResult struct {
	Clients int            `json:"clients"`
	Told    map[string]int `json:"told"` // by kind
	Untold  int            `json:"untold"`
	Cut     map[string]int `json:"cut,omitempty"` // by reason
	First   float64        `json:"first_seconds"` // after the signal
	Last    float64        `json:"last_seconds"`
	Most    float64        `json:"most_in_a_tenth"` // of all, in one tenth of the time between first and last
	Ended   float64        `json:"ended_seconds"`
	Exit    int            `json:"exit"`
	Unready bool           `json:"unready"` // /readyz said so meanwhile
	Verdict Verdict        `json:"verdict"`
}

// Drain has pollmux stop while it holds clients of all kinds, and looks at how each of
// them is sent away.
func Drain(ctx context.Context, o DrainOptions) (r *DrainResult, err error) {
	if err := allowDescriptors(o.N + spareDescriptors); err != nil {
		return nil, err
	}
	r = &DrainResult{Clients: o.N, Told: map[string]int{}, Cut: map[string]int{}}
	err = withProgram(ctx, o.Binary, fmt.Sprintf("drain_timeout: %v", o.Timeout), func(p *program) error { return r.measure(ctx, p, o) })
	if err != nil {
		return nil, err
	}
	r.judge(o)
	return r, nil
}

func (r *DrainResult) measure(ctx context.Context, p *program, o DrainOptions) error {
	o.Say("drain: connecting %d", o.N)
	guests := &load.Guests{Address: p.address, Target: child.Any + "held"}
	if err := guests.Hold(o.N, o.Kinds); err != nil {
		return err
	}
	if err := await(ctx, "all to be held", func() (bool, error) { return p.holds() == o.N, p.alive() }); err != nil {
		return err
	}
	o.Say("drain: stopping")
	begin := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	for p.alive() == nil && !r.Unready {
		r.Unready = p.status("/readyz") == http.StatusServiceUnavailable
	}
	select {
	case <-p.exit:
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2*o.Timeout + 10*time.Second):
		return errors.New("pollmux does not end")
	}
	r.Ended, r.Exit = time.Since(begin).Seconds(), p.cmd.ProcessState.ExitCode()
	r.count(guests.Wait(), begin)
	return nil
}

// holds is how many clients are held.
func (p *program) holds() (n int) {
	resp, err := http.Get("http://" + p.admin + "/metrics")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "pollmux_subscribers{") {
			var one int
			_, _ = fmt.Sscan(line[strings.LastIndexByte(line, ' ')+1:], &one)
			n += one
		}
	}
	return n
}

// count counts how clients were sent away.
func (r *DrainResult) count(all []load.Farewell, begin time.Time) {
	var times []float64
	for _, f := range all {
		switch {
		case f.Cut != "":
			r.Cut[string(f.Kind)+": "+f.Cut]++
		case f.Told:
			r.Told[string(f.Kind)]++
		default:
			r.Untold++
		}
		times = append(times, f.At.Sub(begin).Seconds())
	}
	if len(times) == 0 {
		return
	}
	r.First, r.Last = times[0], times[0]
	for _, t := range times {
		r.First, r.Last = min(r.First, t), max(r.Last, t)
	}
	tenths := map[int]int{}
	for _, t := range times {
		tenth := min(int(10*(t-r.First)/max(r.Last-r.First, 1e-9)), 9)
		tenths[tenth]++
		r.Most = max(r.Most, float64(tenths[tenth])/float64(len(times)))
	}
}

// judge completes a result.
func (r *DrainResult) judge(o DrainOptions) {
	told, cut := 0, 0
	for _, n := range r.Told {
		told += n
	}
	for _, n := range r.Cut {
		cut += n
	}
	spread := r.Last - r.First
	// What pollmux sends away in a second, up to half of its time.
	expected := min(float64(o.N)/500, o.Timeout.Seconds()/2)
	v := &r.Verdict
	v.add(told == o.N, "all are told to come back", "%d of %d, %d untold", told, o.N, r.Untold)
	v.add(cut == 0, "none is cut in the middle of a message", "%d %v", cut, r.Cut)
	v.add(spread >= 0.7*expected, "goodbyes are spread", "over %.1f s, of %.1f", spread, expected)
	v.add(r.Most <= 0.2, "no tenth of that time has more than a fifth of them", "%.0f %%", 100*r.Most)
	v.add(r.Ended <= o.Timeout.Seconds()+1 && r.Exit == 0, "pollmux ends well within drain_timeout", "after %.1f s of %v, exit %d", r.Ended, o.Timeout, r.Exit)
	v.add(r.Unready, "readiness fails meanwhile", "%v", r.Unready)
}

// Write tells the outcome.
func (r *DrainResult) Write(w io.Writer) {
	t := newTable("pollmux drains", "clients told")
	for _, k := range load.Kinds() {
		t.add(string(k), fmt.Sprint(r.Told[string(k)]))
	}
	t.write(w)
	r.Verdict.Write(w)
}

// Ratios returns none: the verdict has its bounds.
func (r *DrainResult) Ratios() map[string]Spread { return nil }

// Judge returns the verdict.
func (r *DrainResult) Judge() Verdict { return r.Verdict }
