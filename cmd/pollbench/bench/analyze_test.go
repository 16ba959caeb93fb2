package bench

import (
	"testing"
	"time"
)

func TestExperiment(t *testing.T) {
	r, err := Analyze(t.Context(), AnalyzeOptions{Lines: 1_000_000, Span: time.Hour, Seed: 1, Within: .05, Say: t.Logf})
	t.Logf("%+v %v", r, err)
}
