package bench

import (
	"testing"
	"time"
)

func TestSavingsAreCountedByTheOriginAndJudged(t *testing.T) {
	alone(t)
	r, err := Savings(t.Context(), SavingsOptions{
		Clients: 10, Every: 20 * time.Millisecond, For: 400 * time.Millisecond, Interval: 100 * time.Millisecond,
		First: 10, Latency: 50 * time.Millisecond, Say: t.Logf,
	})
	if err != nil || !r.Judge().Good() || len(r.Loads) != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, load := range r.Loads {
		if load.With < 1 || load.With > load.Most || load.Without < 10 {
			t.Errorf("%+v", load)
		}
	}
	mentions(t, written(r.Write), "with pollmux", "10 first polls at once", "verdict: good")
}
