package bench

import (
	"context"

	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// Replayed is what was predicted for a log, and what a real pollmux did with it.
type Replayed struct {
	PredictedSaved int64 `json:"predicted_saved"`
	MeasuredSaved  int64 `json:"measured_saved"`
}

func (p *Replayed) isWithin(part float64) bool {
	off := float64(p.PredictedSaved - p.MeasuredSaved)
	return max(off, -off) <= part*float64(p.MeasuredSaved)
}

func (o *AnalyzeOptions) play(ctx context.Context, s *stage.Stage) (p Replayed, err error) {
	return p, nil
}
