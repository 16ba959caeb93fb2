package coding_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/upgrade/coding"
)

// board is JSON as scoreboards are.
func board(size int) []byte {
	var b strings.Builder
	teams := []string{"Falcons", "Bears", "Red Caps", "Ospreys", "Millers", "Grays", "Pilots", "Colts"}
	for i, x := 0, uint32(1); b.Len() < size; i++ {
		x = x*1664525 + 1013904223
		fmt.Fprintf(&b, `{"id":%d,"home_team":"%s","away_team":"%s","home_score":%d,"away_score":%d,"updated_at":"2026-11-23T07:%02d:%02dZ"},`,
			x>>12, teams[x>>29], teams[x>>26&7], x>>8%12, x>>4%12, x>>16%60, x>>20%60)
	}
	return []byte("[" + b.String() + "{}]")
}

// What a version costs once, and what is left of it.
func BenchmarkWhole(b *testing.B) {
	p := coding.NewPress()
	for _, size := range []int{1 << 10, 16 << 10, 256 << 10} {
		body := board(size)
		for _, c := range all {
			b.Run(fmt.Sprintf("%d/%v", size, c), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				left := 0
				for b.Loop() {
					left = len(p.Whole(c, body))
				}
				b.ReportMetric(float64(left)/float64(len(body)), "left")
			})
		}
	}
}

// What a frame of a stream costs once, and what it costs for each client.
func BenchmarkFragment(b *testing.B) {
	p := coding.NewPress()
	body := board(1 << 10)
	for _, c := range streamed {
		b.Run(c.String(), func(b *testing.B) {
			b.ReportAllocs()
			left := 0
			for b.Loop() {
				left = len(p.Fragment(c, body).Bytes)
			}
			b.ReportMetric(float64(left)/float64(len(body)), "left")
		})
	}
	b.Run("tally", func(b *testing.B) {
		f := p.Fragment(coding.Gzip, body)
		var tally coding.Tally
		b.ReportAllocs()
		for b.Loop() {
			tally.Add(&f)
		}
	})
}

func BenchmarkNegotiate(b *testing.B) {
	field := []byte("gzip, deflate, br, zstd")
	b.ReportAllocs()
	for b.Loop() {
		coding.Negotiate(field, all)
	}
}
