package accesslog

import (
	"fmt"
	"testing"
	"time"
)

// moment is a request of one feed, and whether the origin gets it.
type moment struct {
	at, took float64 // seconds
	status   int
	origin   bool
}

func TestTheRulesOfCoalescingArePlayed(t *testing.T) {
	for name, story := range map[string][]moment{
		"a snapshot answers for an interval":         {{0, 0, 200, true}, {1, 0, 200, false}, {4.9, 0, 200, false}, {5, 0, 200, true}, {9.9, 0, 304, false}},
		"the interval counts from the poll's begin":  {{0, 2, 200, true}, {1, 2, 200, false}, {5.1, 2, 200, true}},
		"who comes meanwhile joins the poll":         {{0, 9, 200, true}, {8.9, 0.1, 200, false}, {9.1, 0.1, 200, true}},
		"what may not be shared sends all on alone":  {{0, 0, 401, true}, {1, 0, 401, true}, {59, 0, 200, true}, {61, 0, 200, true}, {62, 0, 200, false}},
		"a failure is tried again after an interval": {{0, 0, 200, true}, {6, 0, 503, true}, {7, 0, 200, false}, {11.5, 0, 200, true}},
		"parts pass through":                         {{0, 0, 200, true}, {1, 0, 206, true}, {2, 0, 200, false}},
	} {
		s := newFeeds(newLadder(5*time.Second), 10)
		var saved, bytes [rungs]int64
		for i, m := range story {
			at := int64(m.at * 1e9)
			before := saved[0]
			s.play(&request{time: at, order: at, took: int64(m.took * 1e9), bytes: 10, key: 1, status: uint16(m.status)}, &saved, &bytes)
			if saved[0] == before != m.origin {
				t.Errorf("%s: request %d", name, i)
			}
		}
		if bytes[0] != 10*saved[0] {
			t.Errorf("%s: %d bytes", name, bytes[0])
		}
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	a := newAnalysis(0, nil)
	a.flows.most, a.feeds.most = 1000, 1000
	for i := range 20_000 {
		at := int64(i) * 1e6
		a.add(&request{time: at + 1, order: at + 1, client: uint64(i), url: uint64(i), key: uint64(i), path: fmt.Appendf(nil, "/x/%d", i), took: -1, bytes: -1, status: 200})
		if len(a.flows.byKey) > 1001 || len(a.feeds.byKey) > 1001 || len(a.flows.clients) > 1001 {
			t.Fatal(len(a.flows.byKey), len(a.feeds.byKey), len(a.flows.clients))
		}
	}
	if a.finish(); a.flows.evicted == 0 || a.feeds.evicted == 0 || len(a.flows.byKey)+len(a.flows.clients) > 0 {
		t.Error(a.flows.evicted, a.feeds.evicted)
	}
	var r Report
	r.Requests = a.requests
	r.complete(a)
	if len(r.Endpoints) != 1 || r.Endpoints[0].Requests != 20_000 || len(r.Notes) < 3 {
		t.Errorf("%+v", r)
	}
}

func TestSilentFlowsAreJudgedAndForgotten(t *testing.T) {
	a := newAnalysis(0, nil)
	for i := range 50_000 {
		at := int64(i) * 1e9
		a.add(&request{time: at + 1, order: at + 1, client: uint64(i), url: 1, key: 1, path: []byte("/x"), took: -1, bytes: -1, status: 200})
	}
	if n := len(a.flows.byKey); n > 20*60+10 {
		t.Errorf("%d flows after twenty minutes of silence", n)
	}
}
