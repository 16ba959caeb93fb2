package demo

import (
	"slices"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
)

func TestEveryIntervalHasARouteOfItsOwn(t *testing.T) {
	c, err := config.Parse("config.yaml", configYAML)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range intervals() {
		path := []byte("/lanes/stream/" + string(i) + "/scores")
		at := slices.IndexFunc(c.Routes, func(r *config.Route) bool { return r.Path.Match(path) })
		if route := c.Routes[at]; route.Interval != config.Every(i.Duration()) || route.Name != "every "+string(i) {
			t.Errorf("%s is %s with an interval of %v", path, route.Name, route.Interval)
		}
		if err := i.check(); err != nil {
			t.Error(err)
		}
	}
}

func TestARateIsTakenOverTheWindowOrSinceTheSettingChanged(t *testing.T) {
	begin := time.Unix(1000, 0)
	var m meter
	if _, ok := m.perSecond(begin, time.Minute); ok {
		t.Error("a rate of nothing")
	}
	for s := range 41 { // 10 per second, and from the 20th second on 2 per second
		m.note(begin.Add(time.Duration(s)*time.Second), 10*min(s, 20)+2*max(s-20, 0))
	}
	for _, test := range []struct {
		since  int
		window time.Duration
		want   float64
		ok     bool
	}{
		{0, 10 * time.Second, 2, true},
		{25, 30 * time.Second, 2, true},
		{0, 30 * time.Second, 140.0 / 30, true},
		{0, time.Hour, 140.0 / 30, true}, // no more is remembered
		{39, 30 * time.Second, 0, false},
		{50, 30 * time.Second, 0, false},
	} {
		rate, ok := m.perSecond(begin.Add(time.Duration(test.since)*time.Second), test.window)
		if ok != test.ok || ok && rate != test.want {
			t.Errorf("since %d, %v: %v, %v", test.since, test.window, rate, ok)
		}
	}
}

func TestWhoSkipsChangesHearsOfAllOfThemLate(t *testing.T) {
	begin := time.Unix(1000, 0)
	j := &journal{}
	l := newLateness(j)
	for n := range 4 {
		j.note(n, begin.Add(time.Duration(n)*time.Second))
	}
	l.hear(7, 1, change{4, begin.Add(4 * time.Second)}, begin.Add(5*time.Second))
	var late []time.Duration
	for _, h := range l.since(begin) {
		late = append(late, h.late)
		if h.client != 7 {
			t.Errorf("%+v", h)
		}
	}
	if want := []time.Duration{3 * time.Second, 2 * time.Second, time.Second}; !slices.Equal(late, want) {
		t.Errorf("late by %v, want %v", late, want)
	}
	if median, ok := l.median(1, begin.Add(1500*time.Millisecond), begin.Add(6*time.Second)); !ok || median != 2*time.Second {
		t.Errorf("median %v, %v", median, ok)
	}
	if _, ok := l.median(1, begin.Add(6*time.Second), begin.Add(7*time.Second)); ok {
		t.Error("a median of what was heard before")
	}
	if l.count() != 3 {
		t.Errorf("%d were heard", l.count())
	}
}

func TestWhoHasNotHeardYetCountsAsLate(t *testing.T) {
	begin := time.Unix(1000, 0)
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	j := &journal{}
	l := newLateness(j)
	j.note(1, at(100))
	j.note(2, at(4100))
	for client, ms := range []int{200, 300, 2100, 3100} { // of four of ten clients
		l.hear(client, 0, change{1, at(100)}, at(ms))
	}
	if median, ok := l.median(10, begin, at(3200)); ok {
		t.Errorf("four of ten have heard, and the median is %v", median)
	}
	for client := range 6 {
		l.hear(4+client, 0, change{1, at(100)}, at(4000+10*client))
	}
	// Nobody has heard of the second change yet, but that is young.
	if median, ok := l.median(10, begin, at(4200)); !ok || median < 3900*time.Millisecond || median > 3950*time.Millisecond {
		t.Errorf("median %v, %v", median, ok)
	}
	if _, ok := l.median(10, at(1000), at(4200)); ok {
		t.Error("a change from before counts")
	}
}

func TestTheJournalKeepsTheLatestChangesOnceEach(t *testing.T) {
	j := &journal{}
	for n := range 2 * journalLength {
		j.note(n, time.Unix(int64(n), 0))
		j.note(n, time.Unix(int64(n), 0))
		j.note(n-1, time.Unix(int64(n), 0))
	}
	all := j.latest(1000)
	if len(all) != journalLength || all[0].number != journalLength || all[journalLength-1].number != 2*journalLength-1 {
		t.Errorf("%d changes, %v", len(all), all)
	}
	if some := j.latest(2); len(some) != 2 || some[1] != all[journalLength-1] {
		t.Errorf("%v", some)
	}
}

func TestLatenessForgetsTheOldest(t *testing.T) {
	l := newLateness(&journal{})
	for n := range latenessLength + 10 {
		at := time.Unix(int64(n), 0)
		l.hear(0, n, change{n + 1, at}, at)
	}
	const gone = latenessLength / 4
	if kept := l.since(time.Time{}); len(kept) != latenessLength-gone+10 || kept[0].number != gone+1 || l.count() != latenessLength+10 {
		t.Errorf("%d kept, from %d", len(kept), kept[0].number)
	}
}
