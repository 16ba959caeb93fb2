package coding_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/upgrade/coding"
)

// deflated is a message as a client compresses it that ends its blocks in this way.
func deflated(t testing.TB, body []byte, end func(*flate.Writer) error) []byte {
	t.Helper()
	var to bytes.Buffer
	w, err := flate.NewWriter(&to, 9)
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := w.Write(body)
	if err := errors.Join(err1, end(w)); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

// The examples of RFC 7692 section 7.2.3.
func TestTheMessagesOfTheRFCAreInflated(t *testing.T) {
	p := coding.NewPress()
	for name, message := range map[string]string{
		"one block":     "\xf2\x48\xcd\xc9\xc9\x07\x00",
		"not encoded":   "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
		"the last":      "\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
		"two blocks":    "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
		"behind a last": "\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00",
	} {
		want := "Hello"
		if name == "behind a last" {
			want = "HelloHello"
		}
		if got, err := p.Inflate([]byte(message), 100); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, empty := range []string{"\x00", "\x02\x00", ""} {
		if got, err := p.Inflate([]byte(empty), 100); err != nil || len(got) > 0 {
			t.Errorf("% x: %q, %v", empty, got, err)
		}
	}
}

func TestWhatIsNotDeflatedIsRefused(t *testing.T) {
	p := coding.NewPress()
	for _, message := range []string{"\xff", "\x06", "Hello", "\xf2\x48\xcd\xc9\xc9\x07\x00\xff\xff", "\x04\xff\xff"} {
		if got, err := p.Inflate([]byte(message), 100); !errors.Is(err, coding.ErrDeflate) {
			t.Errorf("% x: %q, %v", message, got, err)
		}
	}
}

func TestABombMakesNoMoreThanTheLimit(t *testing.T) {
	bomb := deflated(t, make([]byte, 40<<20), (*flate.Writer).Flush)
	p := coding.NewPress()
	_, _ = p.Inflate(nil, 1) // makes what is used again
	for _, most := range []int64{1, 1000, 64 << 10} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := p.Inflate(bomb, most)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, coding.ErrTooBig) || got != nil {
			t.Fatalf("%d bytes of %d made %d, %v", len(bomb), most, len(got), err)
		}
		if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 1<<20 {
			t.Errorf("a limit of %d: %d bytes were taken", most, grown)
		}
	}
}

func TestAMessageMayBeAsLongAsTheLimit(t *testing.T) {
	p := coding.NewPress()
	for _, n := range []int64{1, 2, 511, 512, 513, 65536} {
		message := p.Message([]byte(strings.Repeat("x", int(n))))
		if got, err := p.Inflate(message, n); err != nil || int64(len(got)) != n {
			t.Errorf("%d bytes: %d, %v", n, len(got), err)
		}
		if n == 1 {
			continue
		}
		if _, err := p.Inflate(message, n-1); !errors.Is(err, coding.ErrTooBig) {
			t.Errorf("one byte more than %d: %v", n-1, err)
		}
	}
	if got, err := p.Inflate(p.Message(nil), 0); err != nil || len(got) > 0 {
		t.Errorf("nothing: %q, %v", got, err)
	}
	if got, err := p.Inflate(p.Message(noise(1<<20)), 0); err != nil || len(got) != 1<<20 {
		t.Errorf("no limit: %d, %v", len(got), err)
	}
}

func FuzzInflate(f *testing.F) {
	f.Add([]byte("\xf2\x48\xcd\xc9\xc9\x07\x00"), int64(10))
	f.Add([]byte("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), int64(3))
	f.Add(deflated(f, []byte(strings.Repeat("ab", 100)), (*flate.Writer).Close), int64(1000))
	p := coding.NewPress()
	f.Fuzz(func(t *testing.T, message []byte, most int64) {
		most = most&0xffff + 1
		got, err := p.Inflate(message, most)
		if err != nil && got != nil || int64(len(got)) > most {
			t.Fatalf("% x: %d bytes, %v", message, len(got), err)
		}
		if again, err := p.Inflate(p.Message(message), int64(len(message))); err != nil || !bytes.Equal(again, message) {
			t.Fatalf("% x came back as % x, %v", message, again, err)
		}
	})
}
