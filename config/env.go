package config

import (
	"fmt"
	"strings"
)

// lookup is os.LookupEnv, or the environment of a test.
type lookup func(name string) (value string, set bool)

// expand replaces, in the text of one scalar, ${NAME} by an environment
// variable, ${NAME:-default} by the default when the variable is unset or
// empty, and $$ by $. Any other $ stands for itself. A default is taken as it
// is and ends at the first "}". Each fault is a variable that cannot be
// expanded.
func expand(text string, env lookup) (expanded string, faults []string) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		out.WriteString(before)
		if !found {
			return out.String(), faults
		}
		value, rest, fault := reference(rest, env)
		out.WriteString(value)
		if fault != "" {
			faults = append(faults, fault)
		}
		text = rest
	}
}

// reference expands what follows a "$", and returns the text behind it.
func reference(text string, env lookup) (value, rest, fault string) {
	if rest, ok := strings.CutPrefix(text, "$"); ok {
		return "$", rest, ""
	}
	if !strings.HasPrefix(text, "{") {
		return "$", text, ""
	}
	inner, rest, closed := strings.Cut(text[1:], "}")
	name, fallback, optional := strings.Cut(inner, ":-")
	if !closed || !isVariable(name) {
		return "", rest, quote("$"+text[:len(text)-len(rest)]) + " names no environment variable; write ${NAME} or ${NAME:-default}, and $$ for a plain $"
	}
	value, set := env(name)
	switch {
	case optional && value == "":
		return fallback, rest, ""
	case !set:
		return "", rest, fmt.Sprintf("environment variable %s is not set; set it, or give a default as ${%s:-value}", name, name)
	}
	return value, rest, ""
}

// isVariable reports whether POSIX allows the name of a variable.
func isVariable(name string) bool {
	return name != "" && !strings.Contains(digits, name[:1]) &&
		strings.Trim(name, letters+digits+"_") == ""
}
