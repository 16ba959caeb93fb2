package bench

import (
	"testing"
	"time"
)

func TestExperiment(t *testing.T) {
	r, err := Analyze(t.Context(), AnalyzeOptions{Lines: 1_000_000, Span: time.Hour, Seed: 1, Within: .05, Replay: 60000, Slice: 10 * time.Minute, Speed: 20, Say: t.Logf})
	t.Logf("%+v %v", r, err)
}
