package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
)

func TestADurationIsLoggedAsTextInBothFormats(t *testing.T) {
	for format, want := range map[config.LogFormat]string{
		config.LogText: ` timeout=20s group.pause=1.5s n=3`,
		config.LogJSON: `"timeout":"20s","group":{"pause":"1.5s"},"n":3}`,
	} {
		var out bytes.Buffer
		log := newLogger(&out, config.Log{Level: config.LogInfo, Format: format})
		log.Info("draining", "timeout", 20*time.Second, slog.Group("group", "pause", 1500*time.Millisecond), "n", 3)
		if line := strings.TrimSpace(out.String()); !strings.HasSuffix(line, want) {
			t.Errorf("%s: %s", format, line)
		}
	}
}
