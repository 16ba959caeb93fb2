package feed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade"
)

// chaos is an origin that says anything, at any time, and whose every body has
// to be closed.
type chaos struct {
	chance *chance
	open   atomic.Int64
	polls  atomic.Int64
}

// Do implements Origin.
func (o *chaos) Do(ctx context.Context, req *origin.Request) (*origin.Response, error) {
	o.polls.Add(1)
	if !pause(ctx, o.chance.upTo(3*time.Millisecond)) {
		return nil, interrupted(ctx)
	}
	var resp *origin.Response
	switch o.chance.of(12) {
	case 0:
		return nil, origin.ErrUnreachable
	case 1:
		panic("on purpose")
	case 2:
		resp = response(503, "busy")
	case 3:
		resp = response(200, "mine", "Set-Cookie", "a=b")
	case 4:
		resp = response(401, "who are you?")
	case 5:
		resp = response(304, "")
	case 6:
		resp = response(200, "v1", "Vary", []string{"Referer", "User-Agent", "Accept-Language"}[o.chance.of(3)])
	default:
		line, _, _ := strings.Cut(string(req.Head), " HTTP")
		resp = response(200, line+strings.Repeat("x", o.chance.of(2000)), "ETag", fmt.Sprintf(`"%d"`, o.chance.of(3)), "Cache-Groups", fmt.Sprintf(`"%d", "%d"`, o.chance.of(4), o.chance.of(4)))
	}
	o.open.Add(1)
	resp.Body = &tracked{Reader: resp.Body, open: &o.open}
	return resp, nil
}

func newChaos(t *testing.T, limits Limits, perSecond float64) (*rig, *chaos) {
	await.Goroutines(t)
	r := newRig(t, limits)
	r.budget(perSecond)
	o := &chaos{chance: newChance(t)}
	r.other = o
	r.policy.Interval, r.policy.Linger, r.policy.Timeout = 2*time.Millisecond, 3*time.Millisecond, 100*time.Millisecond
	r.policy.StaleWhileRevalidate, r.policy.StaleIfError = 3*time.Millisecond, 10*time.Millisecond
	quiet(r)
	t.Cleanup(func() {
		r.close()
		if n := o.open.Load(); n != 0 {
			t.Errorf("%d responses were not closed", n)
		}
	})
	return r, o
}

// client does something at random.
func (r *rig) client(c *chance) error {
	path, identity := fmt.Sprint("/", c.of(8)), []string{"", "ann", "bob"}[c.of(3)]
	spec := r.spec(path)
	spec.Audience = audienceOf(identity)
	spec.Key, spec.Identity = fmt.Sprintf("%s\x00%s\x00%p", path, identity, spec.Vary), identity
	if c.of(20) == 0 {
		r.feeds.Written(&Write{Targets: []string{spec.Target}, Identity: identity, Site: spec.Site, Groups: []string{fmt.Sprint(c.of(4))}})
		return nil
	}
	f, err := r.feeds.Acquire([]byte(spec.Key), func() *Spec { return spec })
	if err != nil {
		return err
	}
	defer f.Release()
	ctx, cancel := context.WithTimeout(context.Background(), await.Patience)
	if c.of(4) == 0 {
		ctx, cancel = context.WithTimeout(ctx, c.upTo(3*time.Millisecond))
	}
	defer cancel()
	a, ok := f.Hit(time.Now())
	if !ok {
		a = f.Ask(ctx, KeepNone)
	}
	if u := a.Update; u != nil && u.Status == 200 && string(u.Body) != "v1" && !strings.HasPrefix(string(u.Body), "GET "+path) {
		return fmt.Errorf("%s got %.50q", path, u.Body)
	}
	if c.of(2) == 0 || !f.Subscribe(spec.Vary) {
		return nil
	}
	defer f.Unsubscribe()
	return follow(ctx, f, c)
}

// follow reads a feed for a while, as subscribers do.
func follow(ctx context.Context, f *Feed, c *chance) error {
	var last uint64
	for range c.of(20) {
		state := f.Latest()
		if u := state.Update; u != nil && u.Version < last {
			return fmt.Errorf("version %d after %d", u.Version, last)
		} else if u != nil {
			last = u.Version
		}
		select {
		case <-state.Changed:
		case <-ctx.Done():
		case <-time.After(c.upTo(3 * time.Millisecond)):
		}
		switch {
		case errors.Is(state.Ended, upgrade.ErrClosed):
			return ErrClosed // although somebody refers to it
		case state.Ended != nil:
			return nil
		}
	}
	return nil
}

func TestHundredsOfClientsDoEverythingAtOnce(t *testing.T) {
	eachBudget(t, hundredsOfClients)
}

func hundredsOfClients(t *testing.T, perSecond float64) {
	r, o := newChaos(t, Limits{Feeds: 10, Bytes: 10_000}, perSecond)
	stop := time.Now().Add(600 * time.Millisecond)
	var clients sync.WaitGroup
	var full atomic.Int64
	for range 300 {
		clients.Go(func() {
			for time.Now().Before(stop) {
				switch err := r.client(o.chance); {
				case errors.Is(err, ErrFull):
					full.Add(1)
				case err != nil:
					t.Error(err)
					return
				}
			}
		})
	}
	clients.Go(func() {
		for time.Now().Before(stop) {
			for _, info := range r.feeds.List(time.Now()) {
				if info.Clients < 0 || info.Subscribers < 0 {
					t.Errorf("%+v", info)
				}
			}
			r.feeds.Refresh(func(_, target string) bool { return strings.HasSuffix(target, "/3") })
			time.Sleep(time.Millisecond)
		}
	})
	clients.Wait()
	t.Logf("%d polls, %d times full", o.polls.Load(), full.Load())
}

func TestClosingAtAnyMomentAnswersEverybody(t *testing.T) {
	for i := range 40 {
		r, o := newChaos(t, Limits{Feeds: 10}, generous*float64(i%2))
		var clients sync.WaitGroup
		for range 50 {
			clients.Go(func() {
				for {
					switch err := r.client(o.chance); {
					case errors.Is(err, ErrClosed):
						return
					case err != nil && !errors.Is(err, ErrFull):
						t.Error(err)
						return
					}
				}
			})
		}
		time.Sleep(o.chance.upTo(10 * time.Millisecond))
		clients.Go(r.feeds.Close)
		r.feeds.Close() // twice, and at once
		clients.Wait()
		if r.feeds.Len() != 0 {
			t.Error("feeds are left")
		}
	}
}

func TestLookingAtWhatIsKnownAllocatesNothing(t *testing.T) {
	r := newRig(t, Limits{})
	t.Cleanup(r.close)
	r.policy.Interval = time.Hour
	r.get("/x")
	key := []byte("/x\x00")
	now := time.Now()
	n := testing.AllocsPerRun(1000, func() {
		a, ok := r.feeds.Get(key).Hit(now)
		if !ok || a.Update == nil {
			t.Fatal("no hit")
		}
	})
	if n != 0 {
		t.Errorf("it allocates %v times", n)
	}
}

func BenchmarkHit(b *testing.B) {
	r := newRig(b, Limits{})
	b.Cleanup(r.close)
	r.policy.Interval = time.Hour
	r.get("/x")
	key, now := []byte("/x\x00"), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := r.feeds.Get(key).Hit(now); !ok {
			b.Fatal("no hit")
		}
	}
}
