package journal

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/pollmux/pollmux/config"
)

// Log is where the program's own log goes. Its methods may be called concurrently.
type Log struct {
	to      io.Writer
	level   slog.LevelVar
	handler atomic.Pointer[slog.Handler]
}

// New returns a log as the configuration wants it. It writes a line at a time to w,
// which nobody else may write to at the same time unless it allows that.
func New(w io.Writer, c config.Log) *Log {
	l := &Log{to: w}
	l.Set(c)
	return l
}

// Set makes it what the configuration wants, from the next line on.
func (l *Log) Set(c config.Log) {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // config has checked; info otherwise
	l.level.Set(level)
	h := newHandler(l.to, c.Format, &l.level)
	l.handler.Store(&h)
}

// Logger writes to the log, whatever that is set to by then.
func (l *Log) Logger() *slog.Logger { return slog.New(&follower{log: l}) }

// newHandler writes lines of a format.
func newHandler(w io.Writer, format config.LogFormat, level slog.Leveler) slog.Handler {
	if format == config.LogJSON {
		return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: readable})
	}
	return slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: plain})
}

// plain is readable for text, in which a number has no exponent.
func plain(groups []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindFloat64 {
		a.Value = slog.StringValue(strconv.FormatFloat(a.Value.Float64(), 'f', -1, 64))
	}
	return readable(groups, a)
}

// readable writes a duration as text, which the JSON handler would write as a
// number of nanoseconds.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// follower is the handler of a logger, which has the log's own handler do the work,
// whichever that is.
type follower struct {
	log   *Log
	wraps []func(slog.Handler) slog.Handler // what was added to the logger
}

// Enabled implements slog.Handler.
func (f *follower) Enabled(_ context.Context, level slog.Level) bool {
	return level >= f.log.level.Level()
}

// Handle implements slog.Handler.
func (f *follower) Handle(ctx context.Context, r slog.Record) error {
	h := *f.log.handler.Load()
	for _, wrap := range f.wraps {
		h = wrap(h)
	}
	return h.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (f *follower) WithAttrs(attrs []slog.Attr) slog.Handler {
	return f.with(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (f *follower) WithGroup(name string) slog.Handler {
	return f.with(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (f *follower) with(wrap func(slog.Handler) slog.Handler) slog.Handler {
	return &follower{log: f.log, wraps: append(f.wraps[:len(f.wraps):len(f.wraps)], wrap)}
}

// OneByOne lets several write to w, one at a time.
func OneByOne(w io.Writer) io.Writer { return &oneByOne{w: w} }

type oneByOne struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (o *oneByOne) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(p)
}
