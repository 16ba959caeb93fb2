package config_test

import (
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
)

func TestARateIsReadInEveryUnit(t *testing.T) {
	for text, want := range map[string]config.Rate{
		"50/s": 50, "0.5/s": 0.5, ".5/s": 0.5, "5./s": 5, "+5/s": 5, "1000000/s": 1e6, "30/m": 0.5, "30/min": 0.5, "0.1/m": 0.1 / 60,
		"100/h": 100.0 / 3600, "1/h": 1.0 / 3600, "3600000000/h": 1e6,
	} {
		got, err := config.ParseRate(text)
		equal(t, text, got, want)
		equal(t, "error of "+text, err, nil)
	}
}

func TestARateIsWrittenAsAWholeNumberWhereThereIsOne(t *testing.T) {
	for text, want := range map[string]string{
		"50/s": "50/s", "180000/h": "50/s", "0.5/s": "30/m", "30/min": "30/m", "100/h": "100/h", "1.5/m": "90/h", "1/h": "1/h",
		"0.0205/s": "0.0205/s", "1000000/s": "1000000/s", "0.1/m": "6/h",
	} {
		rate, err := config.ParseRate(text)
		equal(t, text, rate.String(), want)
		equal(t, "error of "+text, err, nil)
		back, _ := config.ParseRate(want)
		equal(t, want, back, rate)
	}
	equal(t, "none", config.Rate(0).String(), "0/s")
}

func TestARateThatIsNotOneIsRefused(t *testing.T) {
	for _, text := range []string{"", "/", "/s", "50/", "50/d", "50/S", "50/sec", "50/s/s", "50 /s", "50s", "1e3/s", "0x10/s", "1_000/s", "inf/s", "nan/s", ".", "./s", "--1/s", "050/s", "-00.5/s", "many"} {
		_, err := config.ParseRate(text)
		equal(t, text, errorText(err), `"`+text+`" is not a rate; write one such as 50/s, 30/m or 100/h`)
	}
	for _, text := range []string{"50", "0.5", "-1"} {
		_, err := config.ParseRate(text)
		equal(t, text, errorText(err), `"`+text+`" has no unit; write `+text+`/s, or another rate such as 30/m or 100/h`)
	}
	for _, text := range []string{"0", "0/s", "-1/s", "0.99/h", "1000000.1/s", "60000001/m"} {
		_, err := config.ParseRate(text)
		equal(t, text, errorText(err), `"`+text+`" is out of range; 1/h to 1000000/s is allowed; leave it out for none`)
	}
	_, err := config.ParseRate("1" + strings.Repeat("0", 400) + "/h")
	equal(t, "beyond any number", errorText(err), `"1`+strings.Repeat("0", 79)+`"... is out of range; 1/h to 1000000/s is allowed; leave it out for none`)
}
