package coding_test

import (
	"hash/crc32"
	"testing"

	"github.com/pollmux/pollmux/upgrade/coding"
)

func FuzzChecksumsAreCombined(f *testing.F) {
	f.Add([]byte(""), []byte(""), uint16(0))
	f.Add([]byte("a"), []byte("bc"), uint16(3))
	f.Add([]byte("some text"), noise(5000), uint16(999))
	f.Fuzz(func(t *testing.T, a, b []byte, zeros uint16) {
		b = append(b, make([]byte, zeros)...)
		want := crc32.ChecksumIEEE(append(append([]byte(nil), a...), b...))
		if got := coding.Combined(crc32.ChecksumIEEE(a), crc32.ChecksumIEEE(b), len(b)); got != want {
			t.Fatalf("%d and %d bytes: %08x, want %08x", len(a), len(b), got, want)
		}
	})
}

func TestChecksumsOfLargePiecesAreCombined(t *testing.T) {
	all := noise(3 << 20)
	for _, at := range []int{0, 1, 7, 8, 255, 256, 1 << 16, 1<<20 - 1, 3 << 20} {
		got := coding.Combined(crc32.ChecksumIEEE(all[:at]), crc32.ChecksumIEEE(all[at:]), len(all)-at)
		if want := crc32.ChecksumIEEE(all); got != want {
			t.Errorf("at %d: %08x, want %08x", at, got, want)
		}
	}
}
