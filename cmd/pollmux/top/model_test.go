package top

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
)

func names(m model) string {
	var all []string
	for _, r := range m.listed() {
		all = append(all, strings.Fields(r.name + " -")[0])
	}
	return strings.Join(all, " ")
}

func TestRatesAreOfTheLatestReadings(t *testing.T) {
	m := viewed(80, 24)
	r := m.rows[0]
	if r.clients != 1000 || r.origin != 1 || r.saved != 0.999 || r.updates != 1 || r.deliveries != 3 {
		t.Errorf("%+v", r)
	}
	if r := m.rows[2]; !r.observed || r.saved != 0.8 || r.origin != 10 {
		t.Errorf("%+v", r)
	}
	if first := does(newModel("", time.Second), reading(account(100))); !math.IsNaN(first.rows[0].clients) || !math.IsNaN(first.all.saved) {
		t.Errorf("one reading has a rate: %+v", first.rows[0])
	}
	for i := range int64(10) {
		m = does(m, reading(account(200+i)))
	}
	if len(m.history) != span || m.rows[0].clients != 1000 {
		t.Errorf("%d readings, %+v", len(m.history), m.rows[0])
	}
}

func TestARestartIsNoNegativeRate(t *testing.T) {
	m := does(viewed(80, 24), reading(account(2)))
	if r := m.rows[0]; !math.IsNaN(r.clients) {
		t.Errorf("right after it: %v", r.clients)
	}
	if r := does(m, reading(account(3))).rows[0]; r.clients != 1000 || r.total.ClientRequests.Poll != 3000 {
		t.Errorf("then: %+v", r)
	}
}

func TestARouteThatIsNewOrGone(t *testing.T) {
	m := viewed(80, 24)
	s := account(104)
	s.Routes = append(s.Routes[1:], route("new", 1, 5, 1))
	m = does(m, pressed("End"), reading(s))
	if len(m.rows) != 5 || strings.Contains(names(m), "scores") || !strings.Contains(names(m), "new") {
		t.Errorf("%s", names(m))
	}
	if m = does(m, reading(ledger.Stats{UptimeSeconds: 105})); len(m.rows) != 0 || m.cursor != 0 || !strings.Contains(m.draw().String(), "there are no routes") {
		t.Errorf("%+v\n%s", m.rows, m.draw())
	}
}

func TestSorting(t *testing.T) {
	m := viewed(80, 24)
	for _, test := range []struct {
		keys []string
		want string
	}{
		{nil, "scores naïve/日本?[2J seen alerts idle"},
		{[]string{"N"}, "alerts idle naïve/日本?[2J scores seen"},
		{[]string{"N", "N"}, "seen scores naïve/日本?[2J idle alerts"},
		{[]string{"N", "I"}, "seen scores naïve/日本?[2J idle alerts"},
		{[]string{"P"}, "seen alerts naïve/日本?[2J scores idle"},
		{[]string{"E"}, "alerts idle naïve/日本?[2J scores seen"},
		{[]string{"S"}, "scores naïve/日本?[2J seen alerts idle"},
		{[]string{"S", "r"}, "alerts seen naïve/日本?[2J scores idle"},
		{[]string{">"}, "seen alerts naïve/日本?[2J scores idle"},
		{[]string{">", "<"}, "scores naïve/日本?[2J seen alerts idle"},
		{[]string{"<", "<"}, "scores naïve/日本?[2J idle seen alerts"},
		{[]string{"A"}, "alerts idle naïve/日本?[2J scores seen"},
	} {
		got := m
		for _, k := range test.keys {
			got = does(got, pressed(k))
		}
		if names(got) != test.want {
			t.Errorf("%q: %s, want %s", test.keys, names(got), test.want)
		}
	}
}

func TestTheCursorFollowsItsRoute(t *testing.T) {
	m := does(viewed(80, 24), pressed("Down"))
	if m.selected() != "naïve/日本?[2J" {
		t.Fatal(m.selected())
	}
	if m = does(m, pressed("N")); m.selected() != "naïve/日本?[2J" || m.cursor != 2 {
		t.Errorf("%s at %d", m.selected(), m.cursor)
	}
	if m = does(m, pressed("Home"), pressed("P")); m.cursor != 0 {
		t.Errorf("it left the top: %d", m.cursor)
	}
}

func TestFiltering(t *testing.T) {
	m := does(viewed(80, 24), pressed("/"), pressed("S"), pressed("e"), pressed("q"), pressed("Backspace"))
	if !m.filtering || names(m) != "seen" || !strings.Contains(m.draw().String(), "Filter: Se_") {
		t.Errorf("%q: %s\n%s", m.filter, names(m), m.draw())
	}
	if m = does(m, pressed("Enter")); m.filtering || names(m) != "seen" || !strings.Contains(m.draw().String(), "filter: Se") {
		t.Errorf("%q: %s", m.filter, names(m))
	}
	if m = does(m, pressed("/"), pressed("x")); names(m) != "" || !strings.Contains(m.draw().String(), `no route's name has "Sex"; Esc shows all`) {
		t.Errorf("%q: %s\n%s", m.filter, names(m), m.draw())
	}
	if m = does(m, pressed("Esc")); m.filter != "" || len(m.listed()) != 5 {
		t.Errorf("%q", m.filter)
	}
	if m = does(m, pressed("/"), pressed("Backspace"), pressed("F6"), pressed("")); m.filter != "" || m.sort != 1 {
		t.Errorf("%q", m.filter)
	}
}

func TestPausing(t *testing.T) {
	m := does(viewed(80, 24), pressed(" "), reading(account(104)), reading(account(105)))
	if m.rows[0].total.ClientRequests.Poll != 103_000 || !strings.Contains(m.draw().String(), "PAUSED") {
		t.Errorf("%+v", m.rows[0].total)
	}
	if m = does(m, pressed("p")); m.rows[0].total.ClientRequests.Poll != 105_000 || m.rows[0].clients != 1000 {
		t.Errorf("%+v", m.rows[0])
	}
}

func TestALostConnectionIsToldUntilItIsBack(t *testing.T) {
	m := viewed(100, 24)
	m = does(m, failed{"http://127.0.0.1:9090 does not answer", noon.Add(8 * time.Second)}, tick(noon.Add(5*time.Second)), failed{"http://127.0.0.1:9090 does not answer", noon.Add(9 * time.Second)})
	if got := strings.SplitN(m.draw().String(), "\n", 2)[0]; got != "LOST for 5s, next try in 4s: http://127.0.0.1:9090 does not answer" {
		t.Errorf("%s", got)
	}
	if len(m.rows) != 5 {
		t.Error("what was known is gone")
	}
	if m = does(m, reading(account(110))); strings.Contains(m.draw().String(), "LOST") {
		t.Errorf("%s", m.draw())
	}
	m = does(newModel("x", time.Second), resized{40, 10}, failed{err: "http://127.0.0.1:9090 wants its token: set POLLMUX_ADMIN_TOKEN to admin.token of its configuration"})
	for _, line := range strings.Split(m.draw().String(), "\n")[2:5] {
		if line == "" {
			t.Errorf("not told as a whole:\n%s", m.draw())
		}
	}
}

func TestScrollingKeepsTheCursorInSight(t *testing.T) {
	s := func(seconds int64) (s ledger.Stats) {
		s.UptimeSeconds = float64(seconds)
		for i := range int64(100) {
			s.Routes = append(s.Routes, route(fmt.Sprintf("r%02d", i), seconds, 200-i, 1))
		}
		return s
	}
	for _, height := range []int{24, 10, 5, 3, 1, 0} {
		m := does(newModel("x", time.Second), resized{80, height}, reading(s(1)), reading(s(2)))
		for _, k := range []string{"Down", "PgDn", "PgDn", "End", "PgUp", "Up", "k", "j", "G", "Home", "Up", "End"} {
			m = does(m, pressed(k))
			if m.cursor < m.top || m.cursor >= m.top+max(1, m.room()) || m.cursor >= 100 {
				t.Fatalf("%d lines, %s: at %d of %d", height, k, m.cursor, m.top)
			}
			if height > 3 && !strings.Contains(m.draw().String(), m.selected()) {
				t.Fatalf("%d lines, %s: %s is not in sight\n%s", height, k, m.selected(), m.draw())
			}
		}
		if m.selected() != "r99" {
			t.Errorf("the end is %s", m.selected())
		}
	}
}

func TestKeysThatQuit(t *testing.T) {
	m := viewed(80, 24)
	for _, keys := range [][]string{{"q"}, {"F10"}, {"Ctrl-C"}, {"/", "Ctrl-C"}, {"h", "Ctrl-C"}, {"Enter", "F10"}, {"h", "q", "q"}} {
		at, quit := m, false
		for i, k := range keys {
			if quit {
				t.Errorf("%q: too soon, at %d", keys, i)
			}
			at, quit = at.update(pressed(k))
		}
		if !quit {
			t.Errorf("%q do not quit", keys)
		}
	}
	if _, quit := does(m, pressed("/")).update(pressed("q")); quit {
		t.Error("a q in a filter quits")
	}
}

// Whatever is pressed, in whatever order, on whatever screen: it can be drawn.
func TestAnyKeysOnAnyScreen(t *testing.T) {
	keys := []string{"Up", "Down", "PgUp", "PgDn", "Home", "End", "Left", "Right", "Enter", "Esc", "/", "x", "Backspace", "h", "?", " ", "p", "<", ">", "F6", "I", "N", "P", "M", "q", "", "F1", "日"}
	seed := uint64(1)
	next := func(n int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int(seed>>33) % n
	}
	m := viewed(80, 24)
	for i := range 5000 {
		switch next(10) {
		case 0:
			m = does(m, resized{next(130) - 1, next(50) - 1})
		case 1:
			m = does(m, reading(account(int64(100+i))))
		case 2:
			m = does(m, failed{"it does not answer", noon})
		default:
			m = does(m, pressed(keys[next(len(keys))]))
		}
		if g := m.draw(); len(g.cells) != g.width*g.height {
			t.Fatal("what is that?")
		}
	}
}
