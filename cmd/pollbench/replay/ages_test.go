package replay

import (
	"context"
	"errors"
	"testing"

	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

func TestOnlyWhatIsInTheTimeThatCountsDoes(t *testing.T) {
	for name, test := range map[string]struct {
		happened, seen float64
		want           Outcome // of 10 s to 20 s
	}{
		"before it":            {2, 9, Outcome{}},
		"until it":             {2, 10, Outcome{}},
		"after it":             {20, 30, Outcome{}},
		"within it":            {12, 16, Outcome{Staleness: 4 * 4 / 2. / 10, P99: 3.9}},
		"begins before":        {8, 14, Outcome{Staleness: (6*6 - 2*2) / 2. / 10, P99: 5.9}},
		"ends after":           {15, 99, Outcome{Staleness: 5 * 5 / 2. / 10, P99: 4.9}},
		"all the time":         {5, 99, Outcome{Staleness: (15*15 - 5*5) / 2. / 10, P99: 14.9}},
		"no longer than a p99": {12, 12.1, Outcome{Staleness: 0.1 * 0.1 / 2. / 10}},
	} {
		a := NewAges(10, 20)
		a.Add(test.happened, test.seen, 3)
		if got := a.Outcome(3, 0); !near(got.Staleness, test.want.Staleness) || !near(got.P99+1, test.want.P99+1) {
			t.Errorf("%s: %+v, not %+v", name, got, test.want)
		}
	}
}

func TestAPolicyMayLearnBeforeItCounts(t *testing.T) {
	story := traced(20, trace.Resource{Weight: 2, Changes: []float64{1, 8, 15}})
	polls := []poll{{0, 5}, {0, 9.5}, {0, 10}, {0, 18}}
	got, err := playFrom(t.Context(), story, 10, &script{polls: polls})
	if err != nil || !near(got.Staleness, 3*3/2./10) || got.Requests != 0.2 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPricePollingAloneIsWhatItIsAmongOthers(t *testing.T) {
	story := made(t, "lively")
	want := replayed(t, story, 5)["price"]
	if got, err := Price(t.Context(), story, 0, Options{Budget: 5, Seed: 1}); err != nil || got != want {
		t.Errorf("%+v, not %+v, %v", got, want, err)
	}
	later, err := Price(t.Context(), story, 600, Options{Budget: 5, Seed: 1})
	if err != nil || later.Staleness >= want.Staleness || later.Requests < 4.9 || later.Requests > 5 {
		t.Errorf("%+v when it has learned, %+v in all, %v", later, want, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Price(ended, story, 0, Options{Budget: 5}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
