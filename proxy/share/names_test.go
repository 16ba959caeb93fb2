package share_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
)

func TestTheListsOfNamesAreTidy(t *testing.T) {
	for _, list := range [][]string{share.NeverShared, share.Proofs, share.AnalyticsCookies()} {
		sorted := slices.Sorted(slices.Values(list))
		if len(slices.Compact(sorted)) != len(list) {
			t.Errorf("something is there twice: %v", list)
		}
	}
	for _, name := range share.NeverShared {
		if !head.IsToken(name) {
			t.Errorf("%q is no field", name)
		}
	}
	for _, name := range share.Proofs {
		if head.Lookup([]byte(name)) != head.Credential || name != strings.ToLower(name) {
			t.Errorf("%s is no credential, or not in lower case", name)
		}
	}
	for _, glob := range share.AnalyticsCookies() {
		if strings.HasSuffix(glob, "_session") || strings.HasSuffix(glob, "_key") {
			t.Errorf("%s looks like a session", glob)
		}
	}
}

// What is known to be a credential of requests is none of the harmless fields of
// any list, in whatever spelling.
func TestNoFieldIsBothACredentialAndHarmless(t *testing.T) {
	harmless := slices.Concat(head.Names(head.Harmless), head.Names(head.Forwarding))
	for _, name := range head.Names(head.Credential) {
		if slices.Contains(harmless, name) {
			t.Errorf("%s is both", name)
		}
	}
}
