package head

import (
	"maps"
	"slices"
)

// known is the vocabulary with its lists filled in. It is never written again.
var known = func() map[string]Name {
	m := maps.Clone(vocabulary)
	for name, list := range map[Name][]string{Credential: credentials, Forwarding: forwarding, Harmless: harmless} {
		for _, field := range list {
			m[field] = name
		}
	}
	return m
}()

// longestName is the longest field name that can be known.
const longestName = 48

// Lookup says what a field name, in any case, is. An underscore counts as a
// hyphen: CGI and its many heirs read X_Forwarded_For and X-Forwarded-For as the
// same variable. It allocates nothing.
func Lookup(field []byte) Name {
	var buf [longestName]byte
	lower := buf[:min(len(field), longestName)]
	for i, c := range field[:len(lower)] {
		switch {
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		case c == '_':
			c = '-'
		}
		lower[i] = c
	}
	if name, ok := known[string(lower)]; ok && len(field) <= longestName {
		return name
	}
	return lookupFamily(lower)
}

// Names lists the lower-case field names that are known as what: those of
// Credential, Forwarding or Harmless, sorted.
func Names(what Name) []string {
	var names []string
	for field, name := range known {
		if name == what {
			names = append(names, field)
		}
	}
	slices.Sort(names)
	return names
}

func lookupFamily(lower []byte) Name {
	for _, f := range families {
		if len(lower) >= len(f.prefix) && string(lower[:len(f.prefix)]) == f.prefix {
			return f.name
		}
	}
	return Other
}
