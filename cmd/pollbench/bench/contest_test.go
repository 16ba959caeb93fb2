package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// names are those of the servers of a contest, sorted, with those missing.
func names(rows []Row, missing []string) []string {
	all := slices.Clone(missing)
	for _, row := range rows {
		all = append(all, row.Server)
	}
	slices.Sort(all)
	return all
}

func TestPollMeasuresEverybodyAndWritesAProfile(t *testing.T) {
	alone(t)
	profile := filepath.Join(t.TempDir(), "cpu")
	r, err := Poll(t.Context(), PollOptions{Clients: 4, For: 50 * time.Millisecond, Rounds: 2, Body: 300, Profile: profile, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(r.of(full), r.Missing); !slices.Equal(got, []string{bare, haproxy, nginx, pollmux, varnish}) {
		t.Error(got)
	}
	for _, row := range r.Rows {
		if row.Rate <= 0 {
			t.Errorf("%+v", row)
		}
	}
	if _, ok := r.Ratios()["200 from a snapshot, against bare"]; !ok || !r.Judge().Good() {
		t.Error(r.Ratios(), r.Judge())
	}
	mentions(t, written(r.Write), "200 from a snapshot CPU per request against bare against nginx requests per second", "pollmux")
	if info, err := os.Stat(profile); err != nil || info.Size() == 0 {
		t.Error(info, err)
	}
}

func TestPassMeasuresSmallRequestsAndBulkBothWays(t *testing.T) {
	alone(t)
	r, err := Pass(t.Context(), PassOptions{Clients: 4, For: 30 * time.Millisecond, Rounds: 1, Body: 300, Bulk: 1, Streams: 1, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	for part, rows := range map[string][]Row{smallGET: r.Small, download: r.Down, upload: r.Up} {
		if got := names(rows, r.Missing); !slices.Equal(got, []string{bare, direct, haproxy, nginx, nginxForward, pollmux, varnish}) {
			t.Error(part, got)
		}
		if _, ok := r.Ratios()[part+", against bare"]; !ok || !r.Judge().Good() {
			t.Error(r.Ratios())
		}
		mentions(t, written(r.Write), part)
	}
}

func TestTheEndOfTheContextEndsABenchmark(t *testing.T) {
	alone(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Poll(ctx, PollOptions{Clients: 1, For: time.Hour, Rounds: 1, Say: func(string, ...any) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestRatiosPairLapsOfTheSameRoundAndLeaveOutTheShort(t *testing.T) {
	laps := map[string][]lap{
		bare:    {{cpu: 10, took: time.Second, units: 10}, {cpu: 0, took: time.Second, units: 10}, {cpu: 30, took: time.Second, units: 10}},
		pollmux: {{cpu: 20, took: time.Second, units: 10}, {cpu: 90, took: time.Second, units: 10}, {cpu: 30, took: time.Second, units: 10}},
	}
	row := newRow(pollmux, laps, []string{bare, nginx})
	if got := row.Against[bare]; got != (Spread{Median: 1.5, Low: 1, High: 2}) || len(row.Against) != 1 {
		t.Error(row.Against)
	}
	base := newRow(bare, laps, []string{bare})
	if row.against(bare) != "1.50 (1.00 to 2.00)" || base.against(bare) != "1" || row.against(nginx) != "–" {
		t.Error(row.against(bare), base.against(bare), row.against(nginx))
	}
}

func TestServersTakeTurnsAtBeingFirst(t *testing.T) {
	c := &contest{all: []*contestant{{name: "a"}, {name: "b"}, {name: "c"}}}
	for round, want := range []string{"abc", "bca", "cab", "abc"} {
		got := ""
		for _, one := range c.turns(round) {
			got += one.name
		}
		if got != want {
			t.Errorf("round %d: %s, not %s", round, got, want)
		}
	}
}
