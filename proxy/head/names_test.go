package head_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/proxy/head"
)

func TestTheListsOfNamesAreTidy(t *testing.T) {
	seen := map[string]string{}
	for list, names := range head.Lists() {
		for _, name := range names {
			if name == "" || name != strings.ToLower(name) || strings.ContainsAny(name, "_ ") {
				t.Errorf("%s: %q is not in lower case with hyphens", list, name)
			}
			if len(name) > head.LongestName {
				t.Errorf("%s: %s is longer than can be known", list, name)
			}
			if other := seen[name]; other != "" {
				t.Errorf("%s is in %s and in %s", name, other, list)
			}
			seen[name] = list
		}
	}
	prefixes, _ := head.Families()
	for i, prefix := range prefixes {
		if prefix == "" || prefix != strings.ToLower(prefix) || strings.Contains(prefix, "_") || len(prefix) > head.LongestName {
			t.Errorf("%q is not in lower case with hyphens", prefix)
		}
		for _, later := range prefixes[i+1:] {
			if strings.HasPrefix(later, prefix) {
				t.Errorf("%s never counts, %s comes first", later, prefix)
			}
		}
	}
}

func TestNamesAreListedSortedAndAsWhatTheyAre(t *testing.T) {
	for what, list := range map[head.Name]string{head.Credential: "credentials", head.Forwarding: "forwarding", head.Harmless: "harmless"} {
		names := head.Names(what)
		if !slices.IsSorted(names) || len(names) == 0 {
			t.Errorf("%s: %v", list, names)
		}
		want := slices.Sorted(slices.Values(head.Lists()[list]))
		if !slices.Equal(names, want) {
			t.Errorf("%s: %v\nwant %v", list, names, want)
		}
		for _, name := range names {
			if got := head.Lookup([]byte(name)); got != what {
				t.Errorf("%s is %d", name, got)
			}
		}
	}
	for _, name := range head.Lists()["vocabulary"] {
		if is := head.Lookup([]byte(name)); is == head.Other || is == head.Credential || is == head.Forwarding || is == head.Harmless {
			t.Errorf("%s is %d", name, is)
		}
	}
}

// CGI and its heirs make one variable of all of these.
func TestANameIsKnownInAnyCaseAndWithUnderscores(t *testing.T) {
	for _, names := range head.Lists() {
		for _, name := range names {
			want := head.Lookup([]byte(name))
			for _, spelling := range []string{strings.ToUpper(name), strings.ReplaceAll(name, "-", "_"), strings.ToUpper(strings.ReplaceAll(name, "-", "_"))} {
				if got := head.Lookup([]byte(spelling)); got != want {
					t.Errorf("%s is %d, %s is %d", name, want, spelling, got)
				}
			}
		}
	}
}

func TestAFamilyIsKnownByItsPrefixHoweverLongTheName(t *testing.T) {
	prefixes, names := head.Families()
	for i, prefix := range prefixes {
		for _, suffix := range []string{"q", "q-r", strings.Repeat("q", 40), strings.Repeat("q", 200)} {
			for _, spelling := range []string{prefix + suffix, strings.ToUpper(prefix + suffix), strings.ReplaceAll(prefix+suffix, "-", "_")} {
				if got := head.Lookup([]byte(spelling)); got != names[i] {
					t.Errorf("%s is %d, want %d", spelling, got, names[i])
				}
			}
		}
	}
}

func TestUnknownNamesAreUnknown(t *testing.T) {
	for _, name := range []string{
		"", "x", "X-Requested-With", "X-Tenant", "Content-Type", "Date", "Hos", "Host2", "Hostt", "Cooki", "Cookies", "Authorizatio", "Authorizations", "Sec", "If",
		"X-Original-URL", "X-Rewrite-URL", "X-Host", "Proxy", "Idempotency-Key", "\xff", "-", "_", "x-amz", strings.Repeat("x", 48), strings.Repeat("x", 49),
		"authorization" + strings.Repeat("x", 40),
	} {
		if got := head.Lookup([]byte(name)); got != head.Other {
			t.Errorf("%q is %d", name, got)
		}
	}
}

func TestWhatTheSpecificationNamesIsWhatItSays(t *testing.T) {
	for what, names := range map[head.Name][]string{
		head.Credential: {"Authorization", "X-Api-Key", "X-Auth-Token", "X-CSRF-Token", "X-Amz-Security-Token", "X-Session", "Private-Token", "X-Forwarded-Client-Cert", "Remote-User", "X_Remote_User"},
		head.Harmless: {
			"User-Agent", "Referer", "Sec-Fetch-Mode", "Sec-CH-UA", "If-Match", "If-Unmodified-Since", "traceparent", "X-Request-Id", "X-B3-TraceId", "Pragma",
		},
		head.Forwarding: {"Via", "Forwarded", "X-Forwarded-For", "X_Forwarded_For", "X-Real-IP", "CF-Connecting-IP", "CDN-Loop", "Max-Forwards", "Front-End-Https", "X-Amz-Cf-Id"},
		head.HopByHop:   {"Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate", "TE", "Trailer", "HTTP2-Settings"},
		head.WebSocket:  {"Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Sec-WebSocket-Version", "Sec_WebSocket_Key"},
		head.MethodOverride: {
			"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X_HTTP_METHOD_OVERRIDE",
		},
		head.AcceptLanguage: {"Accept-Language", "accept_language"}, head.IfNoneMatch: {"If-None-Match"}, head.IfRange: {"If-Range"}, head.Range: {"Range"}, head.Cookie: {"Cookie"}, head.Origin: {"Origin"},
		head.ContentLength: {"Content-Length", "content_length"}, head.TransferEncoding: {"Transfer-Encoding", "Transfer_Encoding"},
	} {
		for _, name := range names {
			if got := head.Lookup([]byte(name)); got != what {
				t.Errorf("%s is %d, want %d", name, got, what)
			}
		}
	}
}
