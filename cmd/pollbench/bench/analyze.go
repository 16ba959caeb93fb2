package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/logs"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
	"github.com/pollmux/pollmux/proxy/accesslog"
)

// AnalyzeOptions are those of Analyze.
type AnalyzeOptions struct {
	Lines int           // of the log whose requests are judged
	Span  time.Duration // of that log
	Seed  uint64

	Replay int           // lines of the log that is played to a real pollmux
	Slice  time.Duration // that they are of
	Speed  float64       // at which they are played
	Within float64       // how far off the prediction may be, of what is saved; 0.05 is 5 %
	Say    Say
}

// AnalyzeResult is the outcome of Analyze.
type AnalyzeResult struct {
	Judged   Judged   `json:"judged"`
	Replayed Replayed `json:"replayed"`
	Verdict  Verdict  `json:"verdict"`
}

// Judged is what the analysis of a log said of its requests, against the truth.
type Judged struct {
	Lines       int                `json:"lines"`
	Bytes       int64              `json:"bytes"`
	Precision   float64            `json:"precision"`    // of what it calls polls, what are
	Recall      float64            `json:"recall"`       // of the polls, what it calls so
	Kinds       map[string]float64 `json:"called_polls"` // part of each kind's requests that it calls polls
	Seconds     float64            `json:"seconds"`
	PerCore     float64            `json:"megabytes_per_core_second"`
	AgainstScan float64            `json:"against_counting_lines"` // CPU time, as many times that of counting newlines
}

// leastQuality is the precision and the recall that are claimed.
const leastQuality = 0.95

// Analyze makes up logs of which it is known what each request is, has them analyzed,
// and compares: what was found with the truth, and what was predicted to be saved with
// what a real pollmux saves.
func Analyze(ctx context.Context, o AnalyzeOptions) (r *AnalyzeResult, err error) {
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	r = &AnalyzeResult{}
	if r.Judged, err = o.judge(ctx, s); err != nil {
		return nil, err
	}
	j := r.Judged
	r.Verdict.add(j.Precision >= leastQuality, fmt.Sprintf("of what is called polls, at least %.0f %% are", 100*leastQuality), "%.2f %%", 100*j.Precision)
	r.Verdict.add(j.Recall >= leastQuality, fmt.Sprintf("of the polls, at least %.0f %% are found", 100*leastQuality), "%.2f %%", 100*j.Recall)
	if r.Replayed, err = o.play(ctx, s); err != nil {
		return nil, err
	}
	p := r.Replayed
	r.Verdict.add(p.isWithin(o.Within), fmt.Sprintf("what is saved is predicted within %.0f %%", 100*o.Within), "%d predicted, %d measured", p.PredictedSaved, p.MeasuredSaved)
	return r, nil
}

// judge has a log analyzed and compares it with the truth.
func (o *AnalyzeOptions) judge(ctx context.Context, s *stage.Stage) (j Judged, err error) {
	o.Say("analyze: %d lines are made up", o.Lines)
	file, err := s.File("access.log", nil)
	if err != nil {
		return j, err
	}
	truth, err := writeLog(file, logs.Options{Lines: o.Lines, Span: o.Span, Seed: o.Seed})
	if err != nil {
		return j, err
	}
	in, err := accesslog.File(file)
	if err != nil {
		return j, err
	}
	o.Say("analyze: %d MB are analyzed", in.Size>>20)
	scan, err := cpuOf(func() error { return countLines(file) })
	if err != nil {
		return j, err
	}
	w := &oracle{truth: truth, flowOf: make([]uint32, len(truth))}
	began := time.Now()
	cpu, err := cpuOf(func() error {
		_, err := accesslog.Analyze(ctx, []accesslog.Input{in}, accesslog.Options{Witness: w})
		return err
	})
	if err != nil {
		return j, err
	}
	j = w.compare()
	j.Lines, j.Bytes, j.Seconds = o.Lines, in.Size, time.Since(began).Seconds()
	j.PerCore, j.AgainstScan = float64(in.Size)/1e6/cpu.Seconds(), cpu.Seconds()/scan.Seconds()
	return j, os.Remove(file)
}

// writeLog writes a log, and returns what each line is.
func writeLog(file string, o logs.Options) (truth []logs.Kind, err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out := bufio.NewWriterSize(f, 1<<20)
	truth = make([]logs.Kind, 0, o.Lines)
	var b []byte
	err = logs.Generate(o, func(l *logs.Line) error {
		truth = append(truth, l.Kind)
		b = l.AppendCombined(b[:0])
		_, err := out.Write(b)
		return err
	})
	return truth, errors.Join(err, out.Flush())
}

// countLines is the least that an analysis has to do.
func countLines(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	buf, lines := make([]byte, 1<<20), 0
	for {
		n, err := f.Read(buf)
		lines += bytes.Count(buf[:n], []byte{'\n'})
		if errors.Is(err, io.EOF) {
			runtime.KeepAlive(lines)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// oracle knows what each line is.
type oracle struct {
	truth  []logs.Kind
	flowOf []uint32 // by line
	polls  map[uint32]bool
}

// Belongs implements accesslog.Witness.
func (w *oracle) Belongs(line int64, flow uint64) { w.flowOf[line] = uint32(flow) }

// Judged implements accesslog.Witness.
func (w *oracle) Judged(flow uint64, poll bool) {
	if w.polls == nil {
		w.polls = map[uint32]bool{}
	}
	if poll {
		w.polls[uint32(flow)] = true
	}
}

func (w *oracle) compare() Judged {
	var called, all [logs.Kinds]float64
	right, wrong, polls := 0.0, 0.0, 0.0
	for line, kind := range w.truth {
		all[kind]++
		if kind.IsPoll() {
			polls++
		}
		if !w.polls[w.flowOf[line]] {
			continue
		}
		called[kind]++
		if kind.IsPoll() {
			right++
		} else {
			wrong++
		}
	}
	j := Judged{Precision: right / max(right+wrong, 1), Recall: right / max(polls, 1), Kinds: map[string]float64{}}
	for kind := range logs.Kinds {
		if all[kind] > 0 {
			j.Kinds[kind.String()] = called[kind] / all[kind]
		}
	}
	return j
}

// Write tells the outcome.
func (r *AnalyzeResult) Write(w io.Writer) {
	j, p := r.Judged, r.Replayed
	t := newTable("requests of", "called polls", "and are")
	for kind := range logs.Kinds {
		if part, ok := j.Kinds[kind.String()]; ok {
			t.add(kind.String(), fmt.Sprintf("%.1f %%", 100*part), map[bool]string{true: "polls", false: "none"}[kind.IsPoll()])
		}
	}
	t.write(w)
	t = newTable("route", "requests", "predicted for the origin", "measured")
	for _, route := range p.Routes {
		t.add(route.Route, strconv.FormatInt(route.Requests, 10), strconv.FormatInt(route.Predicted, 10), strconv.FormatInt(route.Measured, 10))
	}
	t.write(w)
	fmt.Fprintf(w, "%d lines, %d MB, in %.1f s: %.0f MB for a second of CPU time, %.0f × that of counting lines.\n", j.Lines, j.Bytes/1e6, j.Seconds, j.PerCore, j.AgainstScan)
	fmt.Fprintf(w, "Of %d requests, %d are predicted to be saved, %d if the log does not say how long they took, and %d were.\n", p.Requests, p.PredictedSaved, p.RoughSaved, p.MeasuredSaved)
	fmt.Fprintf(w, "The requests were at most %.2f s of log time late (p99); %d failed.\n\n", p.Late, p.Failed)
	r.Verdict.Write(w)
}

// Ratios are what can be compared with another run.
func (r *AnalyzeResult) Ratios() map[string]Spread {
	return map[string]Spread{"CPU of analyzing, against counting lines": newSpread([]float64{r.Judged.AgainstScan})}
}

// Judge returns the verdict.
func (r *AnalyzeResult) Judge() Verdict { return r.Verdict }
