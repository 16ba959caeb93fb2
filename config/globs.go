package config

import "strings"

// Match reports whether name is one of the globs.
func (g Globs) Match(name string) bool {
	for _, glob := range g {
		if prefix, ok := strings.CutSuffix(glob, "*"); ok && strings.HasPrefix(name, prefix) || glob == name {
			return true
		}
	}
	return false
}
