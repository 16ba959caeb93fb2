package coding_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/molecule-man/go-brrr"

	"github.com/pollmux/pollmux/upgrade/coding"
)

// decoded undoes a coding, with a decoder that is not ours and, where there is
// one, not our encoder's author's either.
func decoded(t testing.TB, c coding.Coding, body []byte) []byte {
	t.Helper()
	var from io.Reader
	var err error
	switch c {
	case coding.Gzip:
		from, err = gzip.NewReader(bytes.NewReader(body))
	case coding.Zstd:
		from, err = zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1))
	case coding.Brotli:
		from = brrr.NewReader(bytes.NewReader(body))
	default:
		return body
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(from)
	if err != nil {
		t.Fatalf("%v of %d bytes: %v", c, len(body), err)
	}
	return plain
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestAWholeBodyComesBackFromEveryCoding(t *testing.T) {
	p := coding.NewPress()
	text := []byte(strings.Repeat(`{"home":"Bears","away":"Grays","score":[1,2]},`, 50_000))
	for _, body := range [][]byte{{'x'}, text[:300], text[:70_000], text, noise(300), noise(200_000)} {
		for _, c := range all {
			if got := decoded(t, c, p.Whole(c, body)); !bytes.Equal(got, body) {
				t.Errorf("%v: %d bytes became %d", c, len(body), len(got))
			}
		}
	}
	if p.Whole(coding.Identity, text) != nil {
		t.Error("identity is no coding")
	}
}

func TestAPressIsForMany(t *testing.T) {
	p := coding.NewPress()
	var done sync.WaitGroup
	for i := range 32 {
		done.Go(func() {
			body := bytes.Repeat([]byte{byte(i), 'a', 'b'}, 1000+i)
			for _, c := range all {
				if got := decoded(t, c, p.Whole(c, body)); !bytes.Equal(got, body) {
					t.Errorf("%v: %d bytes became %d", c, len(body), len(got))
				}
			}
			plain, err := p.Inflate(p.Message(body), int64(len(body)))
			if err != nil || !bytes.Equal(plain, body) {
				t.Errorf("a message of %d bytes: %d, %v", len(body), len(plain), err)
			}
		})
	}
	done.Wait()
}

// stream is what a client reads that is sent these fragments.
func stream(c coding.Coding, fragments []coding.Fragment) []byte {
	var tally coding.Tally
	b := []byte(c.Opening())
	for i := range fragments {
		b = append(b, fragments[i].Bytes...)
		tally.Add(&fragments[i])
	}
	return append(b, tally.Closing(c)...)
}

var streamed = []coding.Coding{coding.Gzip, coding.Zstd}

func TestAnyFragmentsBehindEachOtherAreOneStream(t *testing.T) {
	p := coding.NewPress()
	event := []byte("id: x\ndata: " + strings.Repeat(`{"a":1},`, 200) + "\n\n")
	plain := [][]byte{[]byte(":\n\n"), nil, event, event, noise(63), noise(64), noise(65), noise(100_000), bytes.Repeat(event, 100), event, []byte("\n")}
	for _, c := range streamed {
		made := make([]coding.Fragment, len(plain))
		for i := range plain {
			made[i] = p.Fragment(c, plain[i])
		}
		for _, n := range []int{1, 255, 256, 257, 65534, 65535, 65536, 200_000} {
			as := noise(n)
			plain, made = append(plain, as), append(made, coding.Stored(c, as))
		}
		if got := len(made[2].Bytes); got > len(event)/10 {
			t.Errorf("%v: %d bytes of %d are left", c, got, len(event))
		}
		for range 50 {
			var fragments []coding.Fragment
			var want []byte
			for range rand.IntN(12) {
				i := rand.IntN(len(plain))
				fragments, want = append(fragments, made[i]), append(want, plain[i]...)
			}
			if got := decoded(t, c, stream(c, fragments)); !bytes.Equal(got, want) {
				t.Fatalf("%v: %d fragments of %d bytes came out as %d", c, len(fragments), len(want), len(got))
			}
		}
	}
}

// A client has to see an event when it comes, not when the next one does.
func TestAFragmentCanBeReadAsSoonAsItIsThere(t *testing.T) {
	p := coding.NewPress()
	for _, c := range streamed {
		ours, theirs := io.Pipe()
		go func() { // ended by the last write
			_, _ = theirs.Write([]byte(c.Opening()))
			var tally coding.Tally
			for _, said := range []string{":\n\n", "data: " + strings.Repeat("x", 500) + "\n\n", "\n"} {
				f := p.Fragment(c, []byte(said))
				tally.Add(&f)
				_, _ = theirs.Write(f.Bytes)
			}
			_, _ = theirs.Write(tally.Closing(c))
			_ = theirs.Close()
		}()
		var from io.Reader
		if c == coding.Gzip {
			from, _ = gzip.NewReader(ours)
		} else {
			from, _ = zstd.NewReader(ours, zstd.WithDecoderConcurrency(1))
		}
		// Whoever reads only this much would wait for ever if more had to be sent.
		if _, err := io.ReadFull(from, make([]byte, 3+508+1)); err != nil {
			t.Errorf("%v: %v", c, err)
		}
		if rest, err := io.ReadAll(from); err != nil || len(rest) > 0 {
			t.Errorf("%v: %q, %v", c, rest, err)
		}
	}
}

func FuzzFragments(f *testing.F) {
	f.Add([]byte("data: 1\n\n"), []byte(":\n\n"), []byte("data: 1\n\n"))
	f.Add([]byte{}, bytes.Repeat([]byte("ab"), 100), noise(300))
	p := coding.NewPress()
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		for _, coded := range streamed {
			fa, fb, fc := p.Fragment(coded, a), p.Fragment(coded, b), p.Fragment(coded, c)
			got := decoded(t, coded, stream(coded, []coding.Fragment{fa, fb, fc, fb, fa}))
			if want := bytes.Join([][]byte{a, b, c, b, a}, nil); !bytes.Equal(got, want) {
				t.Fatalf("%v: %q came out as %q", coded, want, got)
			}
		}
	})
}

func TestDeflateRefersToNothingBeforeIt(t *testing.T) {
	p := coding.NewPress()
	body := []byte(strings.Repeat("the same again ", 20))
	first, second := p.Deflate(body), p.Deflate(body)
	if !bytes.Equal(first, second) {
		t.Error("an encoder that was used before makes something else")
	}
	if !bytes.HasSuffix(first, []byte{0, 0, 0xff, 0xff}) {
		t.Errorf("it ends in % x", first[len(first)-4:])
	}
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(append(second, 3, 0))))
	if err != nil || !bytes.Equal(plain, body) {
		t.Errorf("%q, %v", plain, err)
	}
}

// Else everybody who is told of a small change would wait behind large bodies, which
// whoever asks for enough of them keeps the press busy with.
func TestASmallBodyDoesNotWaitForLargeOnes(t *testing.T) {
	p := coding.NewPress()
	undo := p.Occupy()
	defer undo()
	small := bytes.Repeat([]byte("a"), coding.Quick)
	for _, c := range []coding.Coding{coding.Gzip, coding.Zstd, coding.Brotli} {
		if len(p.Whole(c, small)) == 0 {
			t.Errorf("%v: nothing", c)
		}
	}
	if len(p.Deflate(small)) == 0 {
		t.Error("nothing is deflated")
	}
}
