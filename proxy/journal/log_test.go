package journal

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/testdata/await"
)

func TestALoggerFollowsWhatTheLogIsSetTo(t *testing.T) {
	var out await.Log
	l := New(&out, config.Log{Level: config.LogInfo, Format: config.LogText})
	plain := l.Logger()
	derived := plain.With("route", "scores").WithGroup("poll").With("n", 1)
	derived.Debug("unheard")
	derived.Info("first", "took", time.Second)
	l.Set(config.Log{Level: config.LogDebug, Format: config.LogJSON})
	derived.Debug("second", "took", time.Second)
	l.Set(config.Log{Level: config.LogError, Format: config.LogText})
	plain.Warn("unheard")
	plain.Error("third")
	want := []string{
		`level=INFO msg=first route=scores poll.n=1 poll.took=1s`,
		`"level":"DEBUG","msg":"second","route":"scores","poll":{"n":1,"took":"1s"}}`,
		`level=ERROR msg=third`,
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%q", lines)
	}
	for i := range want {
		if !strings.HasSuffix(lines[i], want[i]) {
			t.Errorf("%d: %s", i, lines[i])
		}
	}
}

func TestTwoLoggersOfOneParentShareNothing(t *testing.T) {
	var out await.Log
	parent := New(&out, config.Log{Level: config.LogInfo, Format: config.LogText}).Logger().With("a", 1)
	one, other := parent.With("b", 2), parent.With("c", 3)
	one.Info("one")
	other.Info("other")
	if text := out.String(); !strings.Contains(text, "msg=one a=1 b=2\n") || !strings.Contains(text, "msg=other a=1 c=3\n") {
		t.Error(text)
	}
	if !parent.Handler().Enabled(t.Context(), slog.LevelWarn) || parent.Handler().Enabled(t.Context(), slog.LevelDebug) {
		t.Error("levels")
	}
}
