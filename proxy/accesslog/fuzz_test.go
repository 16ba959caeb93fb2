package accesslog

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
)

// seeds adds the lines of real servers.
func seeds(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "testdata", "accesslog", "*.log"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			f.Add(line)
		}
	}
}

// FuzzLine reads a line in every format: none may panic, and what is read is good for
// the rest of the analysis.
func FuzzLine(f *testing.F) {
	seeds(f)
	var readers []*Reader
	for _, format := range allFormats() {
		readers = append(readers, format.NewReader())
	}
	for _, own := range ownFormats {
		formats, err := ParseFormat(own)
		if err != nil {
			f.Fatal(err)
		}
		readers = append(readers, formats[0].NewReader())
	}
	folder := newFolder()
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, r := range readers {
			var e Entry
			if !r.Read(line, &e) {
				continue
			}
			if e.Time == 0 || len(e.Target) == 0 || len(e.Method) == 0 || e.Status < 0 || e.Status > 999 || e.Took < -1 || e.Bytes < -1 {
				t.Fatalf("%q: %+v", line, e)
			}
			var q request
			folder.fold(&e, &q)
		}
	})
}

// FuzzFormat compiles a format and reads a line with it.
func FuzzFormat(f *testing.F) {
	for _, own := range ownFormats {
		f.Add(own, []byte("1772442001|0.001|10.0.0.1|GET /|200|5|x"))
	}
	f.Add("nginx:${msec} $request_uri", []byte("1772442001 /"))
	f.Add("apache:%t \"%r\"", []byte(`[02/Mar/2026:09:00:01 +0000] "GET / HTTP/1.0"`))
	f.Fuzz(func(t *testing.T, format string, line []byte) {
		formats, err := ParseFormat(format)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n") && !strings.Contains(format, "\n") {
				t.Errorf("%q", err)
			}
			return
		}
		for _, found := range formats {
			var e Entry
			found.NewReader().Read(line, &e)
		}
	})
}

// FuzzAnalyze has logs of anything analyzed; the sums hold, and the configuration is
// one.
func FuzzAnalyze(f *testing.F) {
	seeds(f)
	f.Add([]byte(strings.Repeat(good, 6)))
	f.Fuzz(func(t *testing.T, log []byte) {
		r, err := Analyze(t.Context(), []Input{Text("log", bytes.Repeat(log, 5))}, Options{Workers: 1})
		if errors.Is(err, ErrNothing) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		balances(t, r)
		var out bytes.Buffer
		if err := r.WriteConfig(&out, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Parse("pollmux.yaml", out.Bytes()); err != nil {
			t.Fatalf("%v\n%s", err, out.Bytes())
		}
	})
}
