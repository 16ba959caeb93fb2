package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
)

func TestAFileThatStaysAwayIsToldOnceEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &await.Log{}
		file := filepath.Join(t.TempDir(), "pollmux.yaml")
		x := &reloads{file: file, log: slog.New(slog.NewTextHandler(log, nil)), seen: revisionOf([]byte("routes: []"))}
		told := func() int { return strings.Count(log.String(), "is gone, and the one in force stays") }
		for round := range 2 {
			x.look(t.Context(), nil)
			if told() != round {
				t.Fatalf("it is told at once:\n%s", log)
			}
			for range 3 {
				time.Sleep(lookEvery)
				x.look(t.Context(), nil)
			}
			if told() != round+1 {
				t.Fatalf("it is told %d times, not %d:\n%s", told(), round+1, log)
			}
			if err := os.WriteFile(file, []byte("routes: []"), 0o600); err != nil {
				t.Fatal(err)
			}
			x.look(t.Context(), nil)
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	})
}
