package coding_test

import (
	"strings"
	"testing"

	"github.com/pollmux/pollmux/upgrade/coding"
)

var offers = map[string]bool{
	"permessage-deflate":                                                       true,
	"permessage-deflate; client_max_window_bits":                               true,
	"permessage-deflate;client_max_window_bits=15":                             true,
	`permessage-deflate; client_max_window_bits="10"`:                          true,
	"permessage-deflate; server_no_context_takeover":                           true,
	"permessage-deflate; client_no_context_takeover":                           true,
	"permessage-deflate; server_no_context_takeover; client_max_window_bits=8": true,
	"x-webkit-deflate-frame, permessage-deflate":                               true,
	", permessage-deflate ,":                                                   true,
	"foo; bar=\"baz\", permessage-deflate":                                     true,

	// The server's window is what it is; the second of two offers may do without.
	"permessage-deflate; server_max_window_bits=10":                                             false,
	"permessage-deflate; server_max_window_bits=10; client_max_window_bits, permessage-deflate": true,
	"permessage-deflate; server_max_window_bits=15":                                             false,
	"permessage-deflate; server_max_window_bits":                                                false,
	"permessage-deflate; bogus":                                                                 false,
	"permessage-deflate; bogus=1":                                                               false,
	"permessage-deflate; client_max_window_bits; client_max_window_bits":                        false,
	"permessage-deflate; client_no_context_takeover; client_no_context_takeover":                false,
	"permessage-deflate; client_no_context_takeover=1":                                          false,
	"permessage-deflate; server_no_context_takeover=true":                                       false,
	"permessage-deflate; client_max_window_bits=7":                                              false,
	"permessage-deflate; client_max_window_bits=16":                                             false,
	"permessage-deflate; client_max_window_bits=08":                                             false,
	"permessage-deflate; client_max_window_bits=+8":                                             false,
	"permessage-deflate; client_max_window_bits=":                                               false,
	`permessage-deflate; client_max_window_bits=""`:                                             false,
	"permessage-bzip2":                   false,
	"x-webkit-deflate-frame":             false,
	"Permessage-Deflate":                 false,
	"":                                   false,
	",":                                  false,
	";":                                  false,
	"permessage-deflate;":                false,
	"permessage-deflate; ;":              false,
	"permessage-deflate permessage-x":    false,
	"permessage-deflate, \x00":           false,
	"permessage-deflate, \"x\"":          false,
	`permessage-deflate; a="b, c`:        false,
	"permessage-deflate; client_max_w\"": false,
}

func TestAnOfferIsAcceptedOnlyIfItCanBeKept(t *testing.T) {
	for field, want := range offers {
		if got := coding.OffersDeflate([]byte(field)); got != want {
			t.Errorf("%q: %v, want %v", field, got, want)
		}
	}
}

func FuzzOffersDeflate(f *testing.F) {
	for field := range offers {
		f.Add([]byte(field))
	}
	f.Fuzz(func(t *testing.T, field []byte) {
		if !coding.OffersDeflate(field) {
			return
		}
		if !strings.Contains(string(field), "permessage-deflate") {
			t.Fatalf("%q offers nothing", field)
		}
		if !coding.OffersDeflate([]byte("x; y=z,"+string(field))) || coding.OffersDeflate(append(field, '"')) {
			t.Fatalf("%q: what stands beside it changes it", field)
		}
	})
}
