package logs

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// text is a log as it is written.
func text(t *testing.T, o Options) (string, [Kinds]int) {
	t.Helper()
	var b []byte
	var kinds [Kinds]int
	last := time.Duration(0)
	if err := Generate(o, func(l *Line) error {
		b = l.AppendTimed(b)
		kinds[l.Kind]++
		if ended := l.At + l.Took; ended < last-time.Second {
			t.Errorf("%v is written after %v", ended, last)
		} else {
			last = max(last, ended)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return string(b), kinds
}

func TestTheSameSeedMakesTheSameLog(t *testing.T) {
	o := Options{Lines: 100_000, Span: time.Hour, Seed: 9}
	a, kinds := text(t, o)
	if b, _ := text(t, o); a != b || strings.Count(a, "\n") != o.Lines {
		t.Error("it is another")
	}
	if b, _ := text(t, Options{Lines: 100_000, Span: time.Hour, Seed: 10}); a == b {
		t.Error("the seed decides nothing")
	}
	polls := 0
	for kind, n := range kinds {
		if n == 0 {
			t.Errorf("there is no %v", Kind(kind))
		}
		if Kind(kind).IsPoll() {
			polls += n
		}
	}
	if polls < o.Lines/2 || polls > o.Lines*4/5 {
		t.Errorf("%d polls of %d", polls, o.Lines)
	}
}

func TestALogEndsWithItsWriter(t *testing.T) {
	full := errors.New("the disk is full")
	n := 0
	if err := Generate(Options{Lines: 100, Span: time.Minute}, func(*Line) error { n++; return full }); !errors.Is(err, full) || n != 1 {
		t.Error(n, err)
	}
}

func TestNewsComeNowAndThenAndToAllAtOnce(t *testing.T) {
	last := time.Duration(0)
	for at := time.Duration(0); at < time.Hour; at += 700 * time.Millisecond {
		news := News(at)
		if news <= at || news > at+26*time.Second || news < last {
			t.Fatal(at, news, last)
		}
		last = news
	}
}
