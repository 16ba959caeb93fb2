package top

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/golden"
)

func TestScreens(t *testing.T) {
	var all strings.Builder
	add := func(what string, m model) { fmt.Fprintf(&all, "==== %s\n%s", what, m.draw()) }
	add("80 × 24", viewed(80, 24))
	add("40 × 10", viewed(40, 10))
	add("140 × 12", viewed(140, 12))
	add("20 × 5", viewed(20, 5))
	add("a route's details", does(viewed(80, 40), pressed("P"), pressed("Enter")))
	add("another's", does(viewed(80, 40), pressed("E"), pressed("Enter")))
	add("help", does(viewed(80, 24), pressed("h"), pressed("PgDn")))
	add("other columns", does(viewed(80, 10), pressed("Right"), pressed("Right"), pressed("Right"), pressed("Right"), pressed("Right"), pressed("Right")))
	add("lost", does(viewed(80, 10), failed{"http://127.0.0.1:9090 does not answer: connection refused", noon.Add(2 * time.Second)}))
	golden.Equal(t, "top.txt", all.String())
}

// While the origin hangs there are few errors a second, and much is saved.
func TestStaleFeedsAreShownIfThereAreAny(t *testing.T) {
	if text := viewed(80, 24).draw().String(); strings.Contains(text, "  Stale ") {
		t.Error(text)
	}
	failing := account(104)
	failing.StaleFeeds = 3
	if text := does(viewed(80, 24), reading(failing)).draw().String(); !strings.Contains(text, "  Stale 3  Held ") {
		t.Error(text)
	}
}

func TestFiguresFitTheirColumns(t *testing.T) {
	for _, n := range []float64{0, 0.04, 9.99, 999.94, 999.96, 12345, 99_999, 100_000, 999_499, 999_500, 12_345_678, 1e12, 9e17} {
		if got := rateText(n); len(got) > 6 {
			t.Errorf("%v: %s", n, got)
		}
		if got := countText(int64(n)); len(got) > 6 {
			t.Errorf("%v: %s", n, got)
		}
		if got := timeText(n); n < 1e6 && len(got) > 8 {
			t.Errorf("%v: %s", n, got)
		}
	}
	for n, want := range map[float64]string{0: "-", 0.0001: "0.1ms", 0.05: "50ms", 0.52: "520ms", 1.02: "1.0s", 75: "75.0s", 200: "3m20s", 7300: "2h01m", 200_000: "2d07h"} {
		if got := timeText(n); got != want {
			t.Errorf("%v: %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 99_999: "99999", 100_000: "100k", 1_234_567: "1.2M", 123_456_789: "123M", 999_950_000: "1.0G"} {
		if got := countText(n); got != want {
			t.Errorf("%v: %s, want %s", n, got, want)
		}
	}
}

func TestATextIsCutByItsWidth(t *testing.T) {
	for text, want := range map[string]string{"abc": "abc", "abcdef": "abcd…", "日本語": "日本…", "é́é́": "é́é́", "日本": "日本"} {
		if got := cut(text, 5); got != want || width(got) > 5 {
			t.Errorf("%s: %s", text, got)
		}
	}
	g := newGrid(4, 1)
	g.put(1, 0, "日本", plain)
	if got := g.String(); got != " 日\n" {
		t.Errorf("%q", got)
	}
}
