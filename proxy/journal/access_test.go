package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/testdata/await"
)

// entry has a value in every field.
var entry = Entry{
	Began: time.Unix(0, 0), ID: "8d1d54c0801469aa", RequestID: "theirs", TraceID: "0af7651916cd43dd8448eb211c80319c",
	Client: netip.MustParseAddr("192.0.2.77"), Method: "GET", Host: "example.com", Path: "/a b\"", Route: "scores", Upstream: "api",
	Transport: "poll", Status: 200, Bytes: 12, Took: 1500 * time.Microsecond, Answer: "pass", Reason: "method", Limit: "feeds",
}

func access(t *testing.T, out io.Writer, own config.Access, format config.LogFormat) (*Access, *Policy) {
	t.Helper()
	await.Goroutines(t)
	a := NewAccess(slog.New(slog.DiscardHandler), out, out)
	t.Cleanup(func() { a.Close(context.Background()) })
	if own.Output == "" {
		own.Output = config.OutputStdout
	}
	p, err := a.Open(config.Log{Level: config.LogError, Format: format, Access: own})
	if err != nil {
		t.Fatal(err)
	}
	return a, p
}

func TestALineTellsOfARequest(t *testing.T) {
	held := entry
	held.Held, held.Delivered, held.End, held.RequestID, held.Limit = true, 3, "gone", "", ""
	for name, test := range map[string]struct {
		entry  Entry
		format config.LogFormat
		want   string
	}{
		"text": {entry, config.LogText, `level=INFO msg=request id=8d1d54c0801469aa request_id=theirs trace_id=0af7651916cd43dd8448eb211c80319c client=192.0.2.77 ` +
			`method=GET host=example.com path="/a b\"" route=scores transport=poll status=200 bytes=12 duration=0.0015 answer=pass reason=method limit=feeds upstream=api`},
		"json": {entry, config.LogJSON, `"level":"INFO","msg":"request","id":"8d1d54c0801469aa","request_id":"theirs","trace_id":"0af7651916cd43dd8448eb211c80319c",` +
			`"client":"192.0.2.77","method":"GET","host":"example.com","path":"/a b\"","route":"scores","transport":"poll","status":200,"bytes":12,"duration":0.0015,` +
			`"answer":"pass","reason":"method","limit":"feeds","upstream":"api"}`},
		"held": {held, config.LogText, `status=200 duration=0.0015 answer=pass reason=method upstream=api delivered=3 end=gone`},
	} {
		var out await.Log
		a, p := access(t, &out, config.Access{Sample: 1}, test.format)
		p.Log(&test.entry)
		a.Close(context.Background())
		if line := out.String(); !strings.HasSuffix(line, test.want+"\n") || strings.Count(line, "\n") != 1 {
			t.Errorf("%s: %s", name, line)
		}
	}
}

func TestAClientIsToldAsTheOperatorWants(t *testing.T) {
	for _, test := range []struct {
		addr string
		how  config.ClientAddress
		want string
	}{
		{"192.0.2.77", config.ClientFull, "192.0.2.77"},
		{"192.0.2.77", config.ClientNetwork, "192.0.2.0/24"},
		{"::ffff:192.0.2.77", config.ClientNetwork, "192.0.2.0/24"},
		{"2001:db8:1:2::3%eth0", config.ClientFull, "2001:db8:1:2::3"},
		{"2001:db8:1:2::3", config.ClientNetwork, "2001:db8:1::/48"},
		{"192.0.2.77", config.ClientNone, ""},
	} {
		if got := told(netip.MustParseAddr(test.addr), test.how); got != test.want {
			t.Errorf("%s, %s: %q", test.addr, test.how, got)
		}
	}
	if got := told(netip.Addr{}, config.ClientFull); got != "" {
		t.Errorf("nobody: %q", got)
	}
}

func TestWhatIsNotPickedIsLoggedForWhatCameOfIt(t *testing.T) {
	for _, test := range []struct {
		own    config.Access
		failed bool
		took   time.Duration
		want   bool
	}{
		{config.Access{Errors: true}, true, 0, true},
		{config.Access{Errors: true}, false, time.Hour, false},
		{config.Access{Slow: time.Second}, false, time.Second, true},
		{config.Access{Slow: time.Second}, true, time.Second - 1, false},
	} {
		_, p := access(t, io.Discard, test.own, config.LogText)
		if p.Pick() {
			t.Errorf("%+v: it is picked", test.own)
		}
		if got := p.Wants(test.failed, test.took); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
	_, p := access(t, io.Discard, config.Access{Sample: 0.5}, config.LogText)
	picked := 0
	for range 10_000 {
		if p.Pick() {
			picked++
		}
	}
	if picked < 4500 || picked > 5500 {
		t.Errorf("half of 10000: %d", picked)
	}
}

func TestNothingIsWantedWithoutAPolicy(t *testing.T) {
	a, p := access(t, io.Discard, config.Access{Client: config.ClientFull}, config.LogText)
	if p != nil || p.Pick() || p.Wants(true, time.Hour) || p.MayWant() || p.Times() {
		t.Errorf("%+v", p)
	}
	p.Retire(t.Context())
	if lines := a.Lines(); lines != (Lines{}) {
		t.Errorf("%+v", lines)
	}
}

func TestErrorsAreRationed(t *testing.T) {
	r, now := newRation(2), time.Now()
	got := []bool{r.take(now), r.take(now), r.take(now.Add(time.Second - 1)), r.take(now.Add(time.Second)), r.take(now.Add(time.Second))}
	for i, want := range []bool{true, true, false, true, true} {
		if got[i] != want {
			t.Errorf("%d: %v", i, got[i])
		}
	}
	a, p := access(t, io.Discard, config.Access{Errors: true}, config.LogText)
	wanted := 0
	for range 10 * errorsPerSecond {
		if p.Wants(true, 0) {
			wanted++
		}
	}
	if n := a.Lines().Suppressed; wanted+int(n) != 10*errorsPerSecond || n == 0 {
		t.Errorf("%d are wanted, %d suppressed", wanted, n)
	}
}

// stuck is an output that takes nothing until it is let go.
type stuck struct {
	entered chan struct{}
	release chan struct{}
	taken   atomic.Int64
}

func (s *stuck) Write(p []byte) (int, error) {
	select {
	case s.entered <- struct{}{}:
	default:
	}
	<-s.release
	s.taken.Add(int64(bytes.Count(p, []byte("\n"))))
	return len(p), nil
}

func TestAnOutputThatTakesNothingHoldsUpNobody(t *testing.T) {
	out := &stuck{entered: make(chan struct{}, 1), release: make(chan struct{})}
	a, p := access(t, out, config.Access{Sample: 1}, config.LogText)
	p.Log(&entry)
	<-out.entered // run hangs in the first line
	const more = 100
	for range queued + more {
		p.Log(&entry)
	}
	if lines := a.Lines(); lines.Dropped != more || lines.Written != 0 {
		t.Errorf("%+v", lines)
	}
	close(out.release)
	a.Close(context.Background())
	if lines := a.Lines(); lines.Written != queued+1 || out.taken.Load() != queued+1 {
		t.Errorf("%+v, %d are there", lines, out.taken.Load())
	}
}

func TestClosingDoesNotWaitForAnOutputThatHangs(t *testing.T) {
	out := &stuck{entered: make(chan struct{}, 1), release: make(chan struct{})}
	a, p := access(t, out, config.Access{Sample: 1}, config.LogText)
	p.Log(&entry)
	<-out.entered
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a.Close(ctx)
	close(out.release)
}

// broken is an output that is full.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestLinesThatCannotBeWrittenAreCounted(t *testing.T) {
	a, p := access(t, broken{}, config.Access{Sample: 1}, config.LogText)
	p.Log(&entry)
	p.Log(&entry)
	a.Close(context.Background())
	if lines := a.Lines(); lines.Dropped != 2 || lines.Written != 0 {
		t.Errorf("%+v", lines)
	}
}

// moody is an output that is full at times.
type moody struct{ full bool }

func (m *moody) Write(p []byte) (int, error) {
	if m.full {
		return broken{}.Write(p)
	}
	return len(p), nil
}

func TestTheLogTellsWhenLinesCannotBeWrittenAndWhenTheyCanAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log await.Log
		out := &moody{}
		a := NewAccess(slog.New(slog.NewTextHandler(&log, nil)), out, out)
		p, err := a.Open(config.Log{Format: config.LogText, Access: config.Access{Sample: 1, Output: config.OutputStdout}})
		if err != nil {
			t.Fatal(err)
		}
		// Told at once, and not of the disk that is full again within ten seconds.
		for at, full := range []bool{false, true, true, false, true, false, true} {
			out.full = full
			p.Log(&entry)
			synctest.Wait()
			if want := []int{0, 1, 1, 2, 2, 2, 2}[at]; strings.Count(log.String(), "\n") != want {
				t.Errorf("%d: want %d lines of\n%s", at, want, log.String())
			}
		}
		time.Sleep(tellPause)
		p.Log(&entry)
		p.Retire(t.Context())
		p.Log(&entry) // by who still has it: no trouble
		a.Close(t.Context())
		if text := log.String(); strings.Count(text, "lost\" error=\"no space left on device\"") != 2 || strings.Count(text, "written again") != 1 {
			t.Errorf("told\n%s", text)
		}
	})
}

func TestAnOutputThatTakesNothingHoldsUpNoReload(t *testing.T) {
	out := &stuck{entered: make(chan struct{}, 1), release: make(chan struct{})}
	_, p := access(t, out, config.Access{Sample: 1}, config.LogText)
	p.Log(&entry)
	<-out.entered
	for range queued {
		p.Log(&entry)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	p.Retire(ctx)
	if ctx.Err() == nil {
		t.Error("there was room")
	}
	close(out.release)
}

func TestAFileIsOpenedAnewByEachPolicy(t *testing.T) {
	name := filepath.Join(t.TempDir(), "access.log")
	a, first := access(t, io.Discard, config.Access{Sample: 1, Output: name}, config.LogJSON)
	first.Log(&entry)
	await.Until(t, "it is written", func() bool { return a.Lines().Written == 1 })
	if err := os.Rename(name, name+".1"); err != nil { // as logrotate does
		t.Fatal(err)
	}
	second, err := a.Open(config.Log{Format: config.LogText, Access: config.Access{Sample: 1, Output: name}})
	if err != nil {
		t.Fatal(err)
	}
	second.Log(&entry)
	first.Log(&entry) // who still has it
	first.Retire(t.Context())
	first.Log(&entry) // too late
	second.Log(&entry)
	a.Close(context.Background())
	for file, want := range map[string]int{name: 2, name + ".1": 2} {
		text, err := os.ReadFile(file)
		if err != nil || bytes.Count(text, []byte("\n")) != want {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
		if strings.HasSuffix(file, ".1") != json.Valid(bytes.SplitN(text, []byte("\n"), 2)[0]) {
			t.Errorf("%s is of the other's format:\n%s", file, text)
		}
	}
	if lines := a.Lines(); lines.Written != 4 || lines.Dropped != 1 {
		t.Errorf("%+v", lines)
	}
}

func TestAFileThatCannotBeOpenedSaysSo(t *testing.T) {
	a := NewAccess(slog.New(slog.DiscardHandler), io.Discard, io.Discard)
	defer a.Close(context.Background())
	_, err := a.Open(config.Log{Access: config.Access{Sample: 1, Output: "/nowhere/at/all"}})
	const want = "log.access.output: open /nowhere/at/all: no such file or directory: name a file that this user may write to"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestAPathIsCutWhereItIsNoPathAnyMore(t *testing.T) {
	var out await.Log
	a, p := access(t, &out, config.Access{Sample: 1}, config.LogText)
	long := entry
	long.Path = "/" + strings.Repeat("x", 20_000)
	p.Log(&long)
	a.Close(context.Background())
	if n := len(out.String()); n > 4<<10 || !strings.Contains(out.String(), "xxx... ") {
		t.Errorf("%d bytes", n)
	}
}

func BenchmarkLine(b *testing.B) {
	a := NewAccess(slog.New(slog.DiscardHandler), io.Discard, io.Discard)
	defer a.Close(context.Background())
	p, _ := a.Open(config.Log{Format: config.LogJSON, Access: config.Access{Sample: 1, Output: config.OutputStdout}})
	b.ReportAllocs()
	for b.Loop() {
		p.Log(&entry)
	}
}
