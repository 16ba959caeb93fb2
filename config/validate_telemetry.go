package config

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// access checks which requests are logged, and where to.
func (v *validator) access(a Access) {
	v.fraction("log.access.sample", a.Sample)
	v.notNegative("log.access.slow", a.Slow)
	word(v, "log.access.client", a.Client, []ClientAddress{ClientFull, ClientNetwork, ClientNone})
	if a.Output != OutputStderr && a.Output != OutputStdout && !strings.Contains(a.Output, "/") {
		v.wrong("log.access.output", "%s is not known; allowed: stderr, stdout, or the path of a file with a \"/\" in it", quote(a.Output))
	}
}

// tracing checks where spans are sent.
func (v *validator) tracing(t Tracing) {
	v.fraction("tracing.sample", t.Sample)
	if t.ServiceName == "" {
		v.wrong("tracing.service_name", "is empty; write one, or leave it out for pollmux")
	}
	v.collector("tracing.otlp.endpoint", t.OTLP.Endpoint)
	for _, name := range slices.Sorted(maps.Keys(t.OTLP.Headers)) {
		field := child("tracing.otlp.headers", name)
		switch {
		case !isToken(name):
			v.wrong(field, "is not the name of a header; letters, digits and \"-\" are allowed")
		case !isFieldValue(t.OTLP.Headers[name]):
			v.wrong(field, "has a value that no header can have; write it without line breaks and spaces around it")
		}
	}
}

// collector checks the base URL of a collector. There may be a secret in it, so
// it is not quoted.
func (v *validator) collector(field, endpoint string) {
	const want = "write http://host:4318 or https://host"
	u, err := url.Parse(endpoint)
	switch {
	case endpoint == "":
	case err != nil:
		v.wrong(field, "is not a URL; %s", want)
	case u.User != nil:
		v.wrong(field, "contains a user name or password; put credentials into tracing.otlp.headers")
	case u.Scheme != "http" && u.Scheme != "https":
		v.wrong(field, "does not begin with http:// or https://; %s", want)
	case u.Host == "" || !isHostPort(u.Host):
		v.wrong(field, "has no valid host; %s", want)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		v.wrong(field, "has a query or a fragment; %s", want)
	}
}

// fraction checks a share of something.
func (v *validator) fraction(field string, share float64) {
	if !(share >= 0 && share <= 1) {
		v.wrong(field, "%s is not a share; from 0 (none) to 1 (all) is allowed, such as 0.01", formatDecimal(share))
	}
}

// isFieldValue reports whether a header can have a value (RFC 9110 section 5.5).
func isFieldValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return false
		}
	}
	return strings.TrimSpace(s) == s
}
