package bench

import (
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/logs"
)

func TestWhatAnalyzeFindsIsTrueAndWhatItPredictsIsMeasured(t *testing.T) {
	alone(t)
	r, err := Analyze(t.Context(), AnalyzeOptions{
		Lines: 120_000, Span: 30 * time.Minute, Seed: 5, Replay: 8000, Slice: 4 * time.Minute, Speed: 40,
		Within: 0.15, // machines that are busy are late, and at this speed much of it
		Say:    t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Judge().Good() || r.Replayed.Failed > 0 || len(r.Judged.Kinds) != int(logs.Kinds) {
		t.Errorf("%s", written(r.Write))
	}
	for _, kind := range []logs.Kind{logs.Disguised, logs.Robot, logs.Monitor, logs.Scanner, logs.Paging} {
		if part := r.Judged.Kinds[kind.String()]; part > 0.02 {
			t.Errorf("%.1f %% of %s are called polls", 100*part, kind)
		}
	}
	mentions(t, written(r.Write), "jittery", "called polls", "/api/scores/live", "predicted to be saved", "verdict: good")
}

func TestAnalysesAreJudged(t *testing.T) {
	w := &oracle{truth: []logs.Kind{logs.Steady, logs.Steady, logs.Browsing, logs.Held}, flowOf: []uint32{1, 1, 2, 3}}
	w.Judged(1, true)
	w.Judged(2, true)
	w.Judged(3, false)
	if j := w.compare(); j.Precision < 0.66 || j.Precision > 0.67 || j.Recall != j.Precision || j.Kinds["held"] != 0 || j.Kinds["browsing"] != 1 {
		t.Errorf("%+v", j)
	}
	for _, p := range []Replayed{{PredictedSaved: 94, MeasuredSaved: 100}, {PredictedSaved: 106, MeasuredSaved: 100}, {PredictedSaved: 100, MeasuredSaved: 100, Failed: 1}, {}} {
		if p.isWithin(0.05) {
			t.Errorf("%+v", p)
		}
	}
	if p := (Replayed{PredictedSaved: 104, MeasuredSaved: 100}); !p.isWithin(0.05) {
		t.Errorf("%+v", p)
	}
}
