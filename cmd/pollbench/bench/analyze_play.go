package bench

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/logs"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/accesslog"
)

// Replayed is what was predicted for a log, and what a real pollmux did with it.
type Replayed struct {
	Requests       int64        `json:"requests"`
	PredictedSaved int64        `json:"predicted_saved"`
	RoughSaved     int64        `json:"predicted_saved_without_times"` // from a log that does not say how long answers took
	MeasuredSaved  int64        `json:"measured_saved"`
	Failed         int64        `json:"failed"`
	Late           float64      `json:"late_p99_seconds"` // of log time, by which requests were sent too late
	Routes         []PlayedPath `json:"routes"`
}

// PlayedPath is the same of one route.
type PlayedPath struct {
	Route     string `json:"route"` // method and pattern
	Requests  int64  `json:"requests"`
	Predicted int64  `json:"predicted_origin_requests"`
	Measured  int64  `json:"measured_origin_requests"`
}

func (p *Replayed) isWithin(part float64) bool {
	off := float64(p.PredictedSaved - p.MeasuredSaved)
	return p.Failed == 0 && p.MeasuredSaved > 0 && max(off, -off) <= part*float64(p.MeasuredSaved)
}

// play has a log analyzed, configures pollmux as the analysis says, and sends it the
// requests of the log when they came, only faster. Intervals are as much shorter.
func (o *AnalyzeOptions) play(ctx context.Context, s *stage.Stage) (p Replayed, err error) {
	lines, timed, rough, err := o.slice()
	if err != nil {
		return p, err
	}
	report, err := analyzeText(ctx, timed, "nginx:"+logs.Timed)
	if err != nil {
		return p, err
	}
	roughly, err := analyzeText(ctx, rough, "combined")
	if err != nil {
		return p, err
	}
	origin, err := newEcho(o.Speed)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, origin.close()) }()
	yaml, err := o.configure(report, origin.address)
	if err != nil {
		return p, err
	}
	proxy, err := startConfigured(s, yaml)
	if err != nil {
		return p, err
	}
	o.Say("analyze: %d requests of %v are sent in %v", len(lines), o.Slice, time.Duration(float64(o.Slice)/o.Speed).Round(time.Second))
	sent, err := replayTo(ctx, proxy.Address, lines, o.Speed, origin)
	if err != nil {
		return p, err
	}
	p = Replayed{Requests: int64(len(lines)), PredictedSaved: report.SavedRequests, RoughSaved: roughly.SavedRequests, Failed: sent.failed, Late: sent.late * o.Speed}
	p.MeasuredSaved = p.Requests - origin.total()
	p.Routes = origin.routes(report)
	return p, nil
}

// slice makes up a log, with times and without, and the requests in the order in which
// they came.
func (o *AnalyzeOptions) slice() (lines []logs.Line, timed, rough []byte, err error) {
	err = logs.Generate(logs.Options{Lines: o.Replay, Span: o.Slice, Seed: o.Seed + 1}, func(l *logs.Line) error {
		lines = append(lines, *l)
		timed, rough = l.AppendTimed(timed), l.AppendCombined(rough)
		return nil
	})
	slices.SortStableFunc(lines, func(a, b logs.Line) int { return cmp.Compare(a.At, b.At) })
	return lines, timed, rough, err
}

func analyzeText(ctx context.Context, text []byte, format string) (*accesslog.Report, error) {
	formats, err := accesslog.ParseFormat(format)
	if err != nil {
		return nil, err
	}
	return accesslog.Analyze(ctx, []accesslog.Input{accesslog.Text("made up", text)}, accesslog.Options{Formats: formats})
}

// configure is the configuration that the analysis writes, with times divided by the
// speed.
func (o *AnalyzeOptions) configure(report *accesslog.Report, origin string) ([]byte, error) {
	var b bytes.Buffer
	if err := report.WriteConfig(&b, "http://"+origin); err != nil {
		return nil, err
	}
	if _, err := config.Parse("pollmux.yaml", b.Bytes()); err != nil {
		return nil, fmt.Errorf("what analyze wrote: %w", err)
	}
	interval := regexp.MustCompile(`(?m)^    interval: (\S+)$`)
	return interval.ReplaceAllFunc(b.Bytes(), func(found []byte) []byte {
		d, _ := time.ParseDuration(string(interval.FindSubmatch(found)[1])) // it was parsed above
		return fmt.Appendf(nil, "    interval: %v", time.Duration(float64(d)/o.Speed).Round(time.Microsecond))
	}), nil
}
