package main

import (
	"io"
	"log/slog"

	"github.com/pollmux/pollmux/config"
)

// newLogger returns a logger as the configuration wants it.
func newLogger(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // config has checked; info otherwise
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: readable}
	if c.Format == config.LogJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// readable writes a duration as text, which the JSON handler would write as a
// number of nanoseconds.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}
