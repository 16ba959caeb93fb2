package config_test

import (
	"testing"

	"github.com/pollmux/pollmux/config"
)

func TestAMisspelledKeyNamesTheOneThatWasMeant(t *testing.T) {
	known := []string{"listen", "interval", "path", "host", "key", "ignore", "stale_if_error", "credential_headers"}
	for word, want := range map[string]string{
		"lisen":             "listen",
		"listne":            "listen",
		"intervall":         "interval",
		"interwall":         "interval",
		"pth":               "path",
		"Path":              "path",
		"hots":              "host",
		"xhost":             "host",
		"keys":              "key",
		"staleIfError":      "stale_if_error",
		"stale-if-error":    "stale_if_error",
		"stale_if_eror":     "stale_if_error",
		"CredentialHeader":  "credential_headers",
		"credentialsheader": "credential_headers",
	} {
		equal(t, word, config.Closest(word, known), want)
	}
}

func TestOfTwoWordsThatAreEquallyCloseTheFirstIsNamed(t *testing.T) {
	equal(t, "pats", config.Closest("pats", []string{"path", "pass"}), "path")
	equal(t, "pats", config.Closest("pats", []string{"pass", "path"}), "pass")
}

func TestAWordThatIsNotCloseSuggestsNothing(t *testing.T) {
	known := []string{"listen", "interval", "path", "host", "key", "ignore"}
	for _, word := range []string{"", "x", "url", "timeout", "pass", "ignoring", "listeners", "hhoosstt"} {
		equal(t, word, config.Closest(word, known), "")
	}
}
