package accesslog

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Options are those of Analyze.
type Options struct {
	Formats  []*Format     // as ParseFormat returns them; none: find out
	Interval time.Duration // to predict for; 0: the one that suits each endpoint
	Workers  int           // that parse at once; 0: one per core
	Meter    *Meter        // nil: nobody watches
	Witness  Witness       // nil: nobody knows better

	// Say is told what was found out about a log. Nil: nobody listens.
	Say func(format string, args ...any)
}

// ErrNothing is that no line of any log could be read.
var ErrNothing = errors.New("no line could be read as a request")

// Analyze reads logs and reports what is in them. It blocks until all are read or ctx
// ends. Lines that cannot be read, and logs that break off, are told in the report; a
// log that cannot be opened is an error, and so is it if there are lines and none is a
// request.
func Analyze(ctx context.Context, logs []Input, o Options) (*Report, error) {
	if o.Meter == nil {
		o.Meter = new(Meter)
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	sources, err := o.sources(logs)
	if err != nil {
		return nil, err
	}
	a := newAnalysis(o.Interval, o.Witness)
	r := &Report{}
	g := &merger{sources: sources, meter: o.Meter, workers: o.Workers, out: a.queue.add, report: r}
	if err := g.run(ctx); err != nil {
		return nil, err
	}
	a.finish()
	if r.Requests = a.requests; r.Requests == 0 && r.Malformed > 0 {
		return nil, o.nothing(r)
	}
	r.complete(a)
	return r, nil
}

// sources looks at the logs.
func (o *Options) sources(logs []Input) (sources []*source, err error) {
	formats := o.Formats
	if len(formats) == 0 {
		formats = allFormats()
	}
	found := map[string][]string{}
	for _, in := range logs {
		s := &source{input: in}
		if err := s.look(formats, o.Meter); err != nil {
			return nil, fmt.Errorf("open the log: %w", err)
		}
		sources = append(sources, s)
		name := "of no format that is known"
		if s.format != nil {
			name = s.format.name
		}
		found[name] = append(found[name], in.Name)
	}
	o.tell(found)
	return sources, nil
}

// tell says which log is what.
func (o *Options) tell(found map[string][]string) {
	if o.Say == nil || len(o.Formats) == 1 {
		return
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		files := found[name]
		if len(files) > 3 {
			files = append(files[:2:2], fmt.Sprintf("%d more", len(files)-2))
		}
		o.Say("%s: %s", strings.Join(files, ", "), name)
	}
}

// nothing says that no line could be read, and shows one.
func (o *Options) nothing(r *Report) error {
	if len(r.Broken) == 0 {
		return ErrNothing
	}
	return fmt.Errorf("%w, such as %q: say what they are, by --format %s", ErrNothing, r.Broken[0].Text, Names)
}
