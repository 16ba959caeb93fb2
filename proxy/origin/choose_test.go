package origin

import (
	"fmt"
	"testing"
	"time"
)

// picks counts how often each server is chosen for requests.
func picks(g *Group, n int, req func(i int) *Request) map[*Server]int {
	all := map[*Server]int{}
	for i := range n {
		s, _ := g.choose(req(i), nil, time.Now())
		all[s]++
	}
	return all
}

func threeServers(t *testing.T) *Group {
	g := silentGroup("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3")
	t.Cleanup(g.Close)
	return g
}

func TestAPassedRequestGoesToWhoeverHasLeastToDo(t *testing.T) {
	g := threeServers(t)
	for s, n := range picks(g, 300, func(int) *Request { return passed() }) {
		if n != 100 {
			t.Errorf("with nothing to do, %s got %d of 300", s.name, n)
		}
	}
	g.servers[0].load.Store(2)
	g.servers[1].load.Store(1)
	g.servers[2].load.Store(3)
	if got := picks(g, 10, func(int) *Request { return passed() }); got[g.servers[1]] != 10 {
		t.Errorf("got %v", got)
	}
}

func TestAFeedStaysWithItsServerWhileThatHasNotMuchMoreToDo(t *testing.T) {
	g := threeServers(t)
	const feeds = 3000
	of := func(i int) *Request { return poll(uint64(i) * 0x9e3779b97f4a7c15) }
	home := map[int]*Server{}
	for i := 1; i <= feeds; i++ {
		home[i], _ = g.choose(of(i), nil, time.Now())
	}
	for s, n := range picks(g, feeds, func(i int) *Request { return of(i + 1) }) {
		if n < feeds/3-200 || n > feeds/3+200 {
			t.Errorf("%s has %d of %d feeds", s.name, n, feeds)
		}
	}
	same := func(what string, except *Server) {
		t.Helper()
		for i := 1; i <= feeds; i++ {
			if s, _ := g.choose(of(i), nil, time.Now()); s != home[i] && home[i] != except {
				t.Fatalf("%s, a feed went from %s to %s", what, home[i].name, s.name)
			}
		}
	}
	same("at rest", nil)
	g.servers[0].load.Store(slack)
	same("with a little more to do", nil)
	g.servers[0].load.Store(200)
	same("with much more to do, of another", g.servers[0])
	if n := picks(g, feeds, func(i int) *Request { return of(i + 1) })[g.servers[0]]; n > 0 {
		t.Errorf("the busy one got %d", n)
	}
	for _, s := range g.servers {
		s.load.Store(200)
	}
	same("with all busy", nil)
}

// Servers that are restarted one after the other: the first one is back, and has not
// got its whole share yet, when the second one goes.
func TestWhoIsBackGetsEverythingWhileTheOthersAreOut(t *testing.T) {
	for _, state := range []State{Ejected, Unhealthy} {
		g := threeServers(t)
		now := time.Now()
		g.mu.Lock()
		for _, s := range g.servers {
			s.enterLocked(state, now)
			s.until = now.Add(time.Hour)
			s.noteSettledLocked(now)
		}
		back := g.servers[1]
		back.enterLocked(Returning, now)
		back.proveLocked(now)
		g.mu.Unlock()
		back.load.Store(100) // the others look idle
		write := &Request{Method: "POST"}
		for what, of := range map[string]func(int) *Request{
			"writes": func(int) *Request { return write },
			"polls":  func(i int) *Request { return poll(mix(uint64(i + 1))) },
		} {
			if n := picks(g, 300, of)[back]; n != 300 {
				t.Errorf("the others are %s: of 300 %s, %d go to the one that is back", state, what, n)
			}
		}
	}
}

func TestWhoIsOutGetsNothingUnlessAllAre(t *testing.T) {
	for _, state := range []State{Ejected, Unhealthy} {
		g := threeServers(t)
		now := time.Now()
		put := func(i int) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.servers[i].enterLocked(state, now)
			g.servers[i].until = now.Add(time.Hour)
			g.servers[i].noteSettledLocked(now)
		}
		put(0)
		for name, req := range map[string]func(int) *Request{
			"polls": func(i int) *Request { return poll(uint64(i + 1)) }, "passes": func(int) *Request { return passed() },
		} {
			if got := picks(g, 100, req); got[g.servers[0]] > 0 || len(got) != 2 {
				t.Errorf("%s of %s: got %v", name, state, got)
			}
		}
		put(1)
		put(2)
		if s, open := g.choose(passed(), nil, now); s == nil || open {
			t.Errorf("all %s: got %v, %v", state, s, open)
		}
		if got := picks(g, 300, func(int) *Request { return passed() }); len(got) != 3 {
			t.Errorf("all %s: got %v", state, got)
		}
	}
}

// A server that is back has one request on trial, and then a share that grows. A feed
// goes back to it once.
func TestAServerThatReturnsGetsALittleAtFirst(t *testing.T) {
	g := threeServers(t)
	s, now := g.servers[0], time.Now()
	g.mu.Lock()
	s.enterLocked(Returning, now)
	s.noteSettledLocked(now)
	g.mu.Unlock()
	write := post("/", nil, 0)
	for range 50 {
		if chosen, _ := g.choose(write, nil, now); chosen == s {
			t.Fatal("a write is no trial")
		}
	}
	trials := 0
	for range 50 {
		if chosen, _ := g.choose(passed(), nil, now); chosen == s {
			trials++
		}
	}
	if trials != 1 {
		t.Fatalf("%d trials at once", trials)
	}
	s.settle(fault{}, now, now)
	last := 0
	back := map[uint64]bool{}
	for step := range 11 {
		at := now.Add(time.Duration(step) * returnTime / 10)
		n := 0
		for feed := uint64(1); feed <= 3000; feed++ {
			chosen, _ := g.choose(poll(feed*0x9e3779b97f4a7c15), nil, at)
			if back[feed] && chosen != s {
				t.Fatalf("feed %d went there, and back", feed)
			}
			if chosen == s {
				back[feed] = true
				n++
			}
		}
		if want := 1000 * (1 + 9*step/10) / 10; n < want-150 || n > want+150 || n < last {
			t.Errorf("after %d tenths of its return it has %d feeds, want about %d", step, n, want)
		}
		last = n
	}
	for _, at := range []time.Duration{0, returnTime / 2} {
		n := 0
		for range 3000 {
			if chosen, _ := g.choose(write, nil, now.Add(at)); chosen == s {
				n++
			}
		}
		if most := 1000 * int(1+9*at/returnTime) / 10; n < most/3 || n > 1000 {
			t.Errorf("after %v it got %d of 3000 writes", at, n)
		}
	}
}

func TestOfOneServerNothingIsChosen(t *testing.T) {
	r := newGroupRig(t, 1, nil)
	for range 3 {
		r.wants(r.group.Polls, poll(1), "a")
	}
	r.servers[0].Close()
	for range 2 * maxStrain {
		if _, err := r.ask(r.group.Polls, poll(1)); err == nil {
			t.Fatal("a dead server answers")
		}
	}
	if s := r.group.Standings()[0]; s.State != Healthy || s.Requests != 3+2*maxStrain || s.Failures < 2*maxStrain-1 || s.Ejections != 0 {
		t.Errorf("got %+v", s)
	}
}

func BenchmarkChoose(b *testing.B) {
	for _, n := range []int{3, 16} {
		var urls []string
		for i := range n {
			urls = append(urls, fmt.Sprintf("http://127.0.0.1:%d", i+1))
		}
		g := silentGroup(urls...)
		defer g.Close()
		for name, req := range map[string]*Request{"poll": poll(7), "pass": passed()} {
			b.Run(fmt.Sprintf("%s-%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				now := time.Now()
				for b.Loop() {
					g.choose(req, nil, now)
				}
			})
		}
	}
}

// TestWhoIsBackGetsATenthOfItsShareOfABusyUpstream, not of all that there is: having
// nothing to do yet, it would else be given everything that it may get.
func TestWhoIsBackGetsATenthOfItsShareOfABusyUpstream(t *testing.T) {
	for _, n := range []int{2, 4, 20} {
		for _, busy := range []int64{0, 50} {
			var urls []string
			for i := range n {
				urls = append(urls, fmt.Sprintf("http://127.0.0.1:%d", i+1))
			}
			g := silentGroup(urls...)
			t.Cleanup(g.Close)
			s, now := g.servers[0], time.Now()
			g.mu.Lock()
			s.enterLocked(Returning, now)
			s.proven = now
			s.noteSettledLocked(now)
			g.mu.Unlock()
			for _, other := range g.servers[1:] {
				other.load.Store(busy)
			}
			const requests = 40000
			for _, tenths := range []int{1, 5, 9} {
				at, got := now.Add(time.Duration(tenths-1)*returnTime/9), 0
				for range requests {
					if chosen, _ := g.choose(passed(), nil, at); chosen == s {
						got++
					}
				}
				if want := requests / n * tenths / 10; got < want*7/10 || got > want*13/10 {
					t.Errorf("%d servers, the others with %d to do: at %d tenths of its share it got %d, want about %d", n, busy, tenths, got, want)
				}
			}
		}
	}
}
