package proxy

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/journal"
)

// unread is a pipe that nobody reads, until it is closed.
type unread chan struct{}

func (u unread) Write(p []byte) (int, error) {
	<-u
	return len(p), nil
}

func TestAnAccessLogThatNobodyReadsDelaysAReloadByASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipe := make(unread)
		p := &Proxy{accessLog: journal.NewAccess(slog.New(slog.DiscardHandler), pipe, pipe)}
		c := config.Default()
		c.Log.Access = config.Access{Sample: 1, Output: config.OutputStdout}
		w, err := p.newWitness(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 10_000 {
			w.access.Log(&journal.Entry{})
		}
		p.witness.Store(w)
		began := time.Now()
		p.hear(nil)
		if took := time.Since(began); took > logTimeout {
			t.Error(took)
		}
		close(pipe)
		p.accessLog.Close(context.Background())
	})
}
