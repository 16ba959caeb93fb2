package accesslog

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

const good = `10.0.0.1 - - [02/Mar/2026:09:00:01 +0000] "GET /api/scores HTTP/1.1" 200 5 "-" "UA"` + "\n"

func TestBrokenLinesAreCountedAndShownAndEndNothing(t *testing.T) {
	log := strings.Join([]string{
		good,
		"\x00\x00\x00\n",
		strings.Repeat("x", 3*chunkSize) + "\n",
		good, "\n", " \t\r\n",
		"\xff\xfe\xfd invalid UTF-8 \xc3\x28\n",
		`10.0.0.1 - - [02/Mar/2026:09:00:01 +0000] "GET /` + strings.Repeat("a", 100_000) + ` HTTP/1.1" 200 5 "-" "UA"` + "\n",
		`10.0.0.1 - - [02/Mar/2026:09:00:01 +0000] "GET /` + "\xff\x00*?" + ` HTTP/1.1" 200 5 "-" "\x00"` + "\n",
		strings.Repeat("\x7fELF\x00\x01", 1000) + "\n",
		strings.TrimSuffix(good, "\n"), // and no end
	}, "")
	r := analyzed(t, []byte(log), "", Options{})
	if r.Lines != 11 || r.Malformed != 4 || r.Blank != 2 || r.Requests != 5 {
		t.Errorf("%+v", r)
	}
	if len(r.Broken) != 3 || r.Broken[0].Line != 2 || r.Broken[0].Text != "\x00\x00\x00" {
		t.Errorf("%+v", r.Broken)
	}
	var config, table strings.Builder
	if err := r.WriteConfig(&config, ""); err != nil {
		t.Error(err)
	}
	if r.Write(&table); strings.ContainsRune(table.String(), 0) || !strings.Contains(table.String(), `broken: log:2: "\x00\x00\x00"`) {
		t.Error(table.String())
	}
}

func TestALogOfNothingThatCanBeReadIsAnError(t *testing.T) {
	_, err := Analyze(t.Context(), []Input{Text("log", []byte("what is this?\n"))}, Options{})
	if !errors.Is(err, ErrNothing) || !strings.Contains(err.Error(), `such as "what is this?": say what they are, by --format auto,`) {
		t.Error(err)
	}
	if r := analyzed(t, nil, "", Options{}); r.Lines != 0 || r.Seconds != 0 {
		t.Errorf("%+v", r)
	}
}

func TestALogThatBreaksOffCountsAsFarAsItGoes(t *testing.T) {
	text := []byte(strings.Repeat(good, 20_000))
	var zipped, packed bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(text)
	_ = z.Close()
	p, _ := zstd.NewWriter(&packed)
	_, _ = p.Write(text)
	_ = p.Close()
	for name, whole := range map[string][]byte{"gzip": zipped.Bytes(), "zstd": packed.Bytes()} {
		if r := analyzed(t, whole, "", Options{}); r.Requests != 20_000 {
			t.Errorf("%s: %d", name, r.Requests)
		}
		r := analyzed(t, whole[:len(whole)-20], "", Options{})
		if len(r.Notes) < 1 || !strings.Contains(r.Notes[0], "log breaks off (") || name == "gzip" && r.Requests == 0 {
			t.Errorf("%s: %d, %q", name, r.Requests, r.Notes)
		}
	}
	_, err := Analyze(t.Context(), []Input{Text("log", []byte("\x1f\x8bnot at all gzip"))}, Options{})
	if err != nil {
		t.Error(err)
	}
}

// reader is a log that fails in the middle, and can be read once.
type reader struct {
	io.Reader
	closed bool
}

func (r *reader) Close() error { r.closed = true; return nil }

func TestALogThatCanBeReadOnceIsTheSameInAnyPieces(t *testing.T) {
	var s script
	for i := range 30_000 {
		s.ask(time.Duration(i)*100*time.Millisecond, "10.0.0.1", "GET", []string{"/a", "/b", "/c"}[i%3], 200)
	}
	want := analyzed(t, []byte(s.String()), format, Options{})
	formats, _ := ParseFormat(format)
	r := &reader{Reader: &halves{strings.NewReader(s.String())}}
	in := Input{Name: "-", Once: true, Open: func() (io.ReadCloser, error) { return r, nil }}
	got, err := Analyze(t.Context(), []Input{in}, Options{Formats: formats, Workers: 3})
	if err != nil || !reflect.DeepEqual(got, want) || !r.closed {
		t.Errorf("%v, %+v\n%+v", err, got, want)
	}
}

// halves reads in odd pieces.
type halves struct{ r io.Reader }

func (h *halves) Read(p []byte) (int, error) { return h.r.Read(p[:(len(p)+1)/2]) }

func TestRotatedLogsAreOneInAnyOrder(t *testing.T) {
	var s script
	for i := range 4000 {
		s.ask(time.Duration(i)*250*time.Millisecond, []string{"10.0.0.1", "10.0.0.2"}[i/2%2], "GET", []string{"/a", "/b"}[i%2], 200)
	}
	lines := strings.SplitAfter(s.String(), "\n")
	dir := t.TempDir()
	var logs []Input
	put := func(name string, text string, pack bool) {
		b := []byte(text)
		if pack {
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			_, _ = z.Write(b)
			_ = z.Close()
			b = packed.Bytes()
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := File(file)
		if err != nil {
			t.Fatal(err)
		}
		logs = append(logs, in)
	}
	put("access.log", strings.Join(lines[3000:], ""), false)
	put("access.log.2.gz", strings.Join(lines[:1000], ""), true)
	// Two servers, at the same time.
	var left, right strings.Builder
	for i, line := range lines[1000:3000] {
		[]*strings.Builder{&left, &right}[i%2].WriteString(line)
	}
	put("right.log.1", right.String(), false)
	put("left.log.1", left.String(), false)
	formats, _ := ParseFormat(format)
	want := analyzed(t, []byte(s.String()), format, Options{})
	got, err := Analyze(t.Context(), logs, Options{Formats: formats})
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%+v\n%+v", err, got, want)
	}
}

func TestAnAnalysisEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Analyze(ctx, []Input{Text("log", []byte(strings.Repeat(good, 50_000)))}, Options{})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Analyze(t.Context(), []Input{{Name: "x", Open: func() (io.ReadCloser, error) { return os.Open("/nowhere/at/all") }}}, Options{}); err == nil || !strings.Contains(err.Error(), "open the log") {
		t.Error(err)
	}
}

// Lines that are cut, mixed up and overwritten at random: whatever comes of them, each
// is a request, or broken, or blank, and the sums hold.
func TestWhateverALogContainsTheSumsHold(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "testdata", "accesslog", "*.log"))
	random := rand.New(rand.NewPCG(1, 2))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			log := append(bytes.Clone(text), text...)
			for range random.IntN(40) {
				log[random.IntN(len(log))] = byte(random.IntN(256))
			}
			log = log[random.IntN(20):]
			r, err := Analyze(t.Context(), []Input{Text("log", log)}, Options{})
			if errors.Is(err, ErrNothing) {
				continue
			}
			if err != nil {
				t.Fatal(file, err)
			}
			if balances(t, r); r.Lines != int64(bytes.Count(log, []byte{'\n'})) && !bytes.HasSuffix(log, []byte{'\n'}) && r.Lines != int64(bytes.Count(log, []byte{'\n'}))+1 {
				t.Errorf("%s: %d lines", file, r.Lines)
			}
		}
	}
}
