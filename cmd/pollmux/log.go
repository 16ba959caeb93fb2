package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/journal"
)

// newLogger returns a logger as the configuration wants it.
func newLogger(w io.Writer, c config.Log) *slog.Logger { return journal.New(w, c).Logger() }

// logs are what the process writes: its own log, and that of requests.
type logs struct {
	log    *journal.Log
	access *journal.Access
}

func newLogs(stdout, stderr io.Writer, c config.Log) *logs {
	stdout, stderr = journal.OneByOne(stdout), journal.OneByOne(stderr)
	log := journal.New(stderr, c)
	return &logs{log: log, access: journal.NewAccess(log.Logger(), stdout, stderr)}
}

// writeTimeout bounds how long the process waits in the end for the last lines.
const writeTimeout = time.Second

// close writes what has been said.
func (l *logs) close() {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	l.access.Close(ctx)
}
