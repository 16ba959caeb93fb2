package config_test

import (
	"math"
	"testing"

	"github.com/pollmux/pollmux/config"
)

func TestASizeIsWrittenInItsLargestUnit(t *testing.T) {
	for size, want := range map[config.Size]string{
		0:             "0",
		1:             "1",
		1000:          "1000",
		1023:          "1023",
		1 << 10:       "1KiB",
		64 << 10:      "64KiB",
		1<<20 + 1<<10: "1025KiB",
		10 << 20:      "10MiB",
		1 << 30:       "1GiB",
		5 << 40:       "5120GiB",
		-1 << 20:      "-1MiB",
		math.MinInt64: "-8589934592GiB",
	} {
		equal(t, want, size.String(), want)
	}
}

func TestASizeIsReadInEveryUnit(t *testing.T) {
	for text, want := range map[string]config.Size{
		"0": 0, "7": 7, "7B": 7, "7KB": 7e3, "7MB": 7e6, "7GB": 7e9, "7KiB": 7 << 10, "7MiB": 7 << 20, "7GiB": 7 << 30,
		"9223372036854775807": math.MaxInt64, "-7KiB": -7 << 10, "-8589934592GiB": math.MinInt64,
	} {
		got, err := config.ParseSize(text)
		equal(t, text, got, want)
		equal(t, "error of "+text, err, nil)
	}
}

func TestASizeThatIsNotOneIsRefused(t *testing.T) {
	for _, text := range []string{"", "KiB", "1.5MiB", "1 KiB", "1kb", "1K", "1KIB", "1e6", "0x10", "1_000", "1KiBKiB", "one"} {
		_, err := config.ParseSize(text)
		want := `"` + text + `" is not a size; write a number of bytes, or one with KiB, MiB, GiB (1024) or KB, MB, GB (1000)`
		equal(t, text, errorText(err), want)
	}
	for _, text := range []string{"9223372036854775808", "8589934592GiB", "-8589934593GiB", "99999999999999999999KB"} {
		_, err := config.ParseSize(text)
		equal(t, text, errorText(err), `"`+text+`" is too large; a size is below 8589934592GiB`)
	}
}
