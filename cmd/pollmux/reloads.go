package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
)

// reloads loads the configuration anew when somebody asks for it, by SIGHUP or at the
// admin listener, and when its file has changed.
//
//	SIGHUP, POST /api/reload ─────────────► load ─► running.reload
//	file ─► watch ─► has it changed? ─────►
//
// One goroutine does all of it, so one reload follows another.
type reloads struct {
	file  string // "" if there is none
	log   *slog.Logger
	asked chan chan<- outcome // POST /api/reload
	over  chan struct{}       // closed by run: nobody is served any more
	hup   chan os.Signal
	seen  string // revision that was loaded or refused last
	gone  absence

	trigger string // of what is loaded: SIGHUP, admin, or file
}

// outcome is what became of a configuration.
type outcome struct {
	Result   string `json:"result"` // applied, unchanged
	Revision string `json:"revision"`
	proxy.Changes

	err error // why it was refused
}

// errNoFile: there is nothing to load.
var errNoFile = errors.New("there is no file to reload: pollmux was started with --upstream")

// newReloads takes SIGHUP, which would end the process, from now on until close.
func newReloads(file string, log *slog.Logger) *reloads {
	x := &reloads{file: file, log: log, asked: make(chan chan<- outcome), over: make(chan struct{}), hup: make(chan os.Signal, 1)}
	signal.Notify(x.hup, syscall.SIGHUP)
	return x
}

func (x *reloads) close() { signal.Stop(x.hup) }

// ask has the configuration loaded, and waits for what becomes of it.
func (x *reloads) ask(ctx context.Context) (any, error) {
	reply := make(chan outcome, 1)
	select {
	case x.asked <- reply:
	case <-x.over:
		return nil, proxy.ErrStopped
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case o := <-reply:
		return o, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run serves whoever asks until ctx ends, or a successor that was asked for serves.
func (x *reloads) run(ctx context.Context, r *running, replace <-chan os.Signal) {
	defer close(x.over)
	var changed <-chan struct{}
	if x.file != "" {
		x.begin(r)
		w := watch(x.file, x.log)
		defer w.close()
		changed = w.changed
	}
	for {
		select {
		case <-x.hup:
			x.trigger = "SIGHUP"
			x.load(r)
		case reply := <-x.asked:
			x.trigger = "admin"
			reply <- x.load(r)
		case <-changed:
			x.trigger = "file"
			x.look(ctx, r)
		case <-replace:
			if r.leave.replace(ctx) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// begin notes what the process began with. A file that has changed since then is found
// out at the first look.
func (x *reloads) begin(r *running) {
	if data, err := config.Read(x.file); err == nil {
		if c, err := config.Parse(x.file, data); err == nil && r.isInForce(c) {
			x.seen = revisionOf(data)
		}
	}
	r.proxy.Ledger().Reloads().Began(x.seen, time.Now())
}

// revisionOf names a content.
func revisionOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

// settleTime is for how long a file has to stay the same, as who writes it may not be
// done, and mostSettling how often that is tried.
const (
	settleTime   = 100 * time.Millisecond
	mostSettling = 50
)

// look loads the file if it says something that it has not said before.
func (x *reloads) look(ctx context.Context, r *running) {
	data, err := config.Read(x.file)
	revision := ""
	for range mostSettling {
		if err != nil || revisionOf(data) == x.seen || revisionOf(data) == revision {
			break
		}
		revision = revisionOf(data)
		select {
		case <-time.After(settleTime):
		case <-ctx.Done():
			return
		}
		data, err = config.Read(x.file)
	}
	isGone := errors.Is(err, os.ErrNotExist)
	x.gone.note(isGone, x.file, x.log)
	switch {
	case isGone, err == nil && revisionOf(data) == x.seen:
	case err != nil && err.Error() == x.seen:
	case err != nil:
		x.seen = err.Error()
		x.refused(r, err)
	default:
		x.take(r, data)
	}
}

// absence is that of a file. One that is away may be about to be replaced.
type absence struct {
	since time.Time // zero: it is there
	told  bool
}

// note says, once, that a file stays away.
func (a *absence) note(isGone bool, file string, log *slog.Logger) {
	switch now := time.Now(); {
	case !isGone:
		*a = absence{}
	case a.since.IsZero():
		a.since = now
	case !a.told && now.Sub(a.since) >= lookEvery:
		a.told = true
		log.Warn("the configuration is gone, and the one in force stays: nothing could start with it now", "file", file)
	}
}

// load loads the file whatever it says.
func (x *reloads) load(r *running) outcome {
	if x.file == "" {
		x.log.Warn(errNoFile.Error())
		return outcome{err: errNoFile}
	}
	data, err := config.Read(x.file)
	if err != nil {
		x.seen = err.Error()
		return x.refused(r, err)
	}
	return x.take(r, data)
}

// take puts what was read in force, if nothing is wrong with it.
func (x *reloads) take(r *running, data []byte) outcome {
	x.seen = revisionOf(data)
	c, warnings, err := parseConfiguration(x.file, data)
	if err != nil {
		return x.refused(r, err)
	}
	for _, w := range warnings {
		x.log.Warn("the configuration is taken all the same", "error", w.String())
	}
	o := outcome{Result: "unchanged", Revision: x.seen, Changes: proxy.Changes{FeedsKept: r.proxy.Feeds().Len()}}
	if r.isInForce(c) && !r.proxy.HasOtherFiles() {
		r.certs.reload()
		r.proxy.Ledger().Reloads().Unchanged(o.Revision)
		x.log.Info("the configuration says what it said before", "trigger", x.trigger, "file", x.file)
		return o
	}
	if o.Changes, err = r.reload(c); err != nil {
		return x.refused(r, err)
	}
	o.Result = "applied"
	r.proxy.Ledger().Reloads().Applied(o.Revision, time.Now())
	x.tell(&o)
	return o
}

// refused says once what is wrong, and that what is in force stays.
func (x *reloads) refused(r *running, err error) outcome {
	var problems config.Problems
	if !errors.As(err, &problems) {
		problems = config.Problems{{Text: oneLine(err)}}
	}
	for _, p := range problems {
		x.log.Error("the configuration is refused, and the one in force stays", "trigger", x.trigger, "error", p.String())
	}
	why := problems[0].String()
	if more := len(problems) - 1; more > 0 {
		why += fmt.Sprintf(" (and %d more)", more)
	}
	r.proxy.Ledger().Reloads().Refused(why)
	return outcome{err: err}
}

// tell logs what another configuration has changed, in plain words.
func (x *reloads) tell(o *outcome) {
	changed := []string{}
	for _, names := range []struct {
		what string
		all  []string
	}{
		{"route %s added", o.RoutesAdded}, {"route %s removed", o.RoutesRemoved}, {"route %s changed", o.RoutesChanged},
		{"upstream %s added", o.UpstreamsAdded}, {"upstream %s removed", o.UpstreamsRemoved}, {"upstream %s changed", o.UpstreamsChanged},
	} {
		for _, name := range names.all {
			changed = append(changed, fmt.Sprintf(names.what, name))
		}
	}
	if o.FeedsRetired > 0 {
		changed = append(changed, fmt.Sprintf("%d feeds retired", o.FeedsRetired))
	}
	x.log.Info("another configuration is in force", "trigger", x.trigger, "file", x.file, "changed", changed, "feeds", o.FeedsKept)
}
