package feed

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/upgrade"
)

func TestTheOldestUnwantedFeedMakesRoom(t *testing.T) {
	inBubbleWith(t, Limits{Feeds: 3}, func(t *testing.T, r *rig) {
		held := r.acquire("/0")
		defer held.Release()
		for i := 1; i <= 2; i++ {
			time.Sleep(2 * time.Second)
			r.get(fmt.Sprint("/", i))
		}
		r.get("/3")
		synctest.Wait()
		for path, wants := range map[string]bool{"/0": true, "/1": false, "/2": true, "/3": true} {
			if live := r.feeds.Get([]byte(path+"\x00")) != nil; live != wants {
				t.Errorf("%s is live: %v", path, live)
			}
		}
		if n := r.meter.feeds.Load(); n != 3 {
			t.Errorf("%d feeds run", n)
		}
	})
}

func TestAFeedThatSomebodyRefersToIsNeverEvicted(t *testing.T) {
	inBubbleWith(t, Limits{Feeds: 200}, func(t *testing.T, r *rig) {
		var held []*Feed
		for i := range 200 {
			held = append(held, r.acquire(fmt.Sprint("/", i)))
		}
		if _, err := r.feeds.Acquire([]byte("/more"), nil); !errors.Is(err, ErrFull) {
			t.Errorf("got %v", err)
		}
		// There is room for who is here already.
		r.want(r.get("/7"), "v1")
		for _, f := range held {
			if f.Latest().Ended != nil {
				t.Fatal("evicted")
			}
			f.Release()
		}
		r.acquire("/more").Release()
	})
}

func TestSnapshotsAreEvictedUntilTheyFit(t *testing.T) {
	inBubbleWith(t, Limits{Bytes: 10_000}, func(t *testing.T, r *rig) {
		r.origin.answers(func(p *poll) *origin.Response { return response(200, strings.Repeat("x", 1000)) })
		for i := range 100 {
			r.get(fmt.Sprint("/", i))
			if n := r.feeds.bytes.Load(); n > 10_000 {
				t.Fatalf("%d bytes are kept", n)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if n := r.feeds.Len(); n < 5 || n > 10 {
			t.Errorf("%d feeds are kept", n)
		}
	})
}

func TestASnapshotThatGrowsDrivesOutWhatNobodyWants(t *testing.T) {
	inBubbleWith(t, Limits{Bytes: 10_000}, func(t *testing.T, r *rig) {
		r.origin.says(200, strings.Repeat("x", 4000))
		r.get("/unwanted")
		defer leave(r.subscribe("/x"))
		synctest.Wait()
		if n := r.feeds.Len(); n != 2 {
			t.Fatalf("%d feeds", n)
		}
		r.origin.says(200, strings.Repeat("x", 8000))
		time.Sleep(2 * time.Second)
		if n := r.feeds.Len(); n != 1 || r.feeds.bytes.Load() != 8000 {
			t.Errorf("%d feeds, %d bytes", n, r.feeds.bytes.Load())
		}
	})
}

func TestSnapshotsThatAreWantedLeaveNoRoomForOthers(t *testing.T) {
	inBubbleWith(t, Limits{Bytes: 10_000}, func(t *testing.T, r *rig) {
		r.origin.answers(func(p *poll) *origin.Response { return response(200, strings.Repeat("x", 1000)) })
		var held []*Feed
		for i := range 10 {
			f := r.acquire(fmt.Sprint("/", i))
			r.want(get(f, KeepNone), strings.Repeat("x", 1000))
			held = append(held, f)
		}
		if _, err := r.feeds.Acquire([]byte("/more"), nil); !errors.Is(err, ErrFull) {
			t.Errorf("got %v", err)
		}
		held[3].Release()
		f := r.acquire("/more")
		r.want(get(f, KeepNone), strings.Repeat("x", 1000))
		f.Release()
		for _, f := range append(held[:3], held[4:]...) {
			if f.Latest().Ended != nil {
				t.Error("a wanted feed was evicted")
			}
			f.Release()
		}
	})
}

func TestASnapshotThatGrowsCountsAsMuchAsItIs(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		for _, size := range []int{10, 1000, 0, 500} {
			r.origin.says(200, strings.Repeat("x", size))
			r.get("/x")
			if n := r.feeds.bytes.Load(); n != int64(size) {
				t.Errorf("%d bytes are kept of %d", n, size)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestAnEvictedFeedEndsInTheMiddleOfItsPoll(t *testing.T) {
	inBubbleWith(t, Limits{Feeds: 1}, func(t *testing.T, r *rig) {
		r.policy.StaleWhileRevalidate = time.Minute
		r.get("/x")
		time.Sleep(2 * time.Second)
		r.origin.latency = time.Second
		f := r.feeds.Get([]byte("/x\x00"))
		f.Hit(time.Now()) // it polls, and nobody refers to it
		time.Sleep(100 * time.Millisecond)
		r.acquire("/y").Release()
		<-f.done
		if took := time.Since(r.begin); took != 2100*time.Millisecond {
			t.Errorf("it ended after %v", took)
		}
		if _, ok := f.Hit(time.Now()); ok {
			t.Error("it still answers")
		}
		if a := f.Ask(t.Context(), KeepNone); !errors.Is(a.Err, ErrClosed) {
			t.Errorf("got %+v", a)
		}
	})
}

func TestMakingRoomStaysCheap(t *testing.T) {
	const feeds, rounds = 5000, 200
	r := newRig(t, Limits{Feeds: feeds})
	t.Cleanup(r.close)
	var held []*Feed
	for i := range feeds { // of one URL, each of another identity
		held = append(held, r.acquireAs("/x", fmt.Sprint(i)))
	}
	if n := testing.AllocsPerRun(rounds, func() { _, _ = r.feeds.Acquire([]byte("/more"), nil) }); n > 100 {
		t.Errorf("to find no room allocates %v times", n)
	}
	for _, f := range held {
		f.Release()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range rounds {
		r.acquireAs("/x", fmt.Sprint("new", i)).Release()
	}
	runtime.ReadMemStats(&after)
	if n := (after.TotalAlloc - before.TotalAlloc) / rounds; n > 20_000 {
		t.Errorf("to make room allocates %d bytes: all %d feeds of the URL have a part in it", n, feeds)
	}
}

func TestTheOperatorIsToldOfFeedsButNotOfTheirKeys(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/secret?token=1")
		f := r.acquireAs("/secret", "ann")
		defer f.Release()
		r.origin.says(200, "mine", "Set-Cookie", "sid=secret")
		get(f, KeepNone)
		time.Sleep(2 * time.Second)
		list := r.feeds.List(time.Now())
		if len(list) != 2 {
			t.Fatalf("got %+v", list)
		}
		if list[0].Private {
			list[0], list[1] = list[1], list[0]
		}
		want := []Info{
			{Route: "route", Feed: list[0].Feed, Version: 1, Bytes: 2, AgeSeconds: 2},
			{Route: "route", Feed: list[1].Feed, Private: true, Clients: 1, Stale: "the origin's answer may not be shared: set-cookie", Alone: "set-cookie"},
		}
		for i := range want {
			if list[i] != want[i] {
				t.Errorf("got  %+v\nwant %+v", list[i], want[i])
			}
		}
		if text := fmt.Sprint(list, f); strings.Contains(text, "/secret") || strings.Contains(text, "ann") || strings.Contains(text, "token") {
			t.Errorf("it tells %s", text)
		}
	})
}

// Or else an origin that says no-store of everything would be said to fail.
func TestAFeedThatMayNotBeSharedIsStaleOnlyForThoseWhoHoldIt(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.says(200, "mine", "Cache-Control", "no-store")
		r.get("/x")
		f := r.acquireAs("/x", "")
		for _, clients := range []int{1, 0} {
			if i := r.feeds.List(time.Now())[0]; i.Clients != clients || (i.Stale != "") != (clients > 0) || i.Alone != "no-store" {
				t.Errorf("with %d clients: %+v", clients, i)
			}
			if clients > 0 {
				f.Release()
			}
		}
		time.Sleep(aloneTime)
		if i := r.feeds.List(time.Now()); len(i) == 1 && i[0].Stale != "" {
			t.Errorf("a minute later: %+v", i)
		}
		r.origin.says(503, "")
		r.get("/x")
		if i := r.feeds.List(time.Now())[0]; i.Stale != "the origin answers 503" {
			t.Errorf("it fails: %+v", i)
		}
	})
}

// What clients have made of a snapshot takes memory as well, for as long as the
// version is kept.
func TestEncodingsCountUntilTheirVersionIsReplaced(t *testing.T) {
	inBubbleWith(t, Limits{Bytes: 1 << 20}, func(t *testing.T, r *rig) {
		size := 1000
		r.origin.answers(func(p *poll) *origin.Response { return response(200, strings.Repeat("x", size)) })
		f := r.acquire("/a")
		defer f.Release()
		r.get("/a")
		first := f.Latest().Update
		if n := r.feeds.bytes.Load(); n != 1000 {
			t.Fatalf("%d bytes of a body", n)
		}
		for range 3 {
			first.Representable(upgrade.SSE)
		}
		if n := r.feeds.bytes.Load(); n < 2000 || n > 2200 {
			t.Errorf("%d bytes with an encoding", n)
		}
		first.Representable(upgrade.Multipart)
		if n := r.feeds.bytes.Load(); n < 3000 || n > 3400 {
			t.Errorf("%d bytes with two", n)
		}
		size = 10
		time.Sleep(time.Minute)
		r.get("/a")
		first.Representable(upgrade.WebSocket)
		if n := r.feeds.bytes.Load(); n != 10 {
			t.Errorf("%d bytes of the next version", n)
		}
	})
}

// Who asks for one snapshot after the other in every coding and as everything that
// there is must not fill the memory, though nothing is polled meanwhile.
func TestEncodingsDriveOutWhatNobodyWants(t *testing.T) {
	inBubbleWith(t, Limits{Bytes: 10_000}, func(t *testing.T, r *rig) {
		r.origin.answers(func(p *poll) *origin.Response { return response(200, strings.Repeat("x", 900)) })
		var all []*upgrade.Update
		for i := range 10 {
			all = append(all, r.get(fmt.Sprint("/", i)).Update)
		}
		for _, u := range all {
			for _, transport := range []upgrade.Transport{upgrade.SSE, upgrade.NDJSON, upgrade.Multipart, upgrade.WebSocket} {
				u.Representable(transport)
				if n := r.feeds.bytes.Load(); n > 10_000 {
					t.Fatalf("%d bytes are kept", n)
				}
			}
		}
	})
}

// A feed that takes the place of one whose credentials were refused does not come
// on top of the limit.
func TestNoFeedComesOnTopOfTheLimit(t *testing.T) {
	inBubbleWith(t, Limits{Feeds: 2}, func(t *testing.T, r *rig) {
		refused := r.acquireAs("/a", "alice")
		r.feeds.retire(refused, false)
		others := []*Feed{r.acquire("/b"), r.acquire("/c")} // before it is followed
		r.feeds.follow(refused, refused.view.Load())
		if n := r.feeds.Len(); n != 2 {
			t.Errorf("%d feeds", n)
		}
		others[0].Release()
		r.feeds.follow(refused, refused.view.Load())
		if n := r.feeds.Len(); n != 2 || others[1].Latest().Ended != nil {
			t.Errorf("%d feeds", n)
		}
		others[1].Release()
		refused.Release()
	})
}
