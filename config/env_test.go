package config_test

import (
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
)

func testEnv(name string) (string, bool) {
	value, set := map[string]string{"A": "1", "_b2": "two", "EMPTY": "", "NESTED": "${A}"}[name]
	return value, set
}

func TestVariablesAreExpandedInText(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "",
		"plain":               "plain",
		"${A}":                "1",
		"x${A}y${_b2}z":       "x1ytwoz",
		"${EMPTY}":            "",
		"${EMPTY:-default}":   "default",
		"${UNSET:-default}":   "default",
		"${UNSET:-}":          "",
		"${A:-default}":       "1",
		"${UNSET:-a:-b}":      "a:-b",
		"${UNSET:-$$}":        "$$",
		"${UNSET:-${A}}":      "${A}",
		"${NESTED}":           "${A}",
		"$$":                  "$",
		"$${A}":               "${A}",
		"$$${A}":              "$1",
		"$A":                  "$A",
		"a$":                  "a$",
		"/odata/$metadata/$$": "/odata/$metadata/$",
		"}{":                  "}{",
	} {
		got, faults := config.Expand(text, testEnv)
		equal(t, text, got, want)
		equal(t, "faults of "+text, len(faults), 0)
	}
}

func TestAVariableThatCannotBeExpandedIsNamed(t *testing.T) {
	const malformed = ` names no environment variable; write ${NAME} or ${NAME:-default}, and $$ for a plain $`
	unset := func(name string) string {
		return "environment variable " + name + " is not set; set it, or give a default as ${" + name + ":-value}"
	}
	for text, want := range map[string][]string{
		"${UNSET}":             {unset("UNSET")},
		"${X}${A}${Y}":         {unset("X"), unset("Y")},
		"${":                   {`"${"` + malformed},
		"${A":                  {`"${A"` + malformed},
		"${}":                  {`"${}"` + malformed},
		"${:-x}":               {`"${:-x}"` + malformed},
		"${1A}":                {`"${1A}"` + malformed},
		"${A B}":               {`"${A B}"` + malformed},
		"${A-x} and ${UNSET} ": {`"${A-x}"` + malformed, unset("UNSET")},
	} {
		_, faults := config.Expand(text, testEnv)
		equal(t, text, faults, want)
	}
}

func TestAFileIsExpandedInItsValues(t *testing.T) {
	c := load(t, "valid-env.yaml")
	equal(t, "token", c.Admin.Token, "a$b${c}$d-example.com")
	equal(t, "connections", c.Limits.Connections, 100)
	equal(t, "feeds", c.Limits.Feeds, 7)
	equal(t, "snapshot", c.Limits.Snapshot, 100<<10)
	equal(t, "server", c.Upstreams["api"].Servers[0].String(), "http://example.com:9000")
	equal(t, "host", c.Upstreams["api"].Host, "")
	equal(t, "host of the route", c.Routes[0].Host, "")
	equal(t, "sort_query", c.Routes[0].Key.SortQuery, true)
}

func TestNumbersAndBooleansComeFromVariablesInFlowStyleToo(t *testing.T) {
	c := load(t, "valid-env-flow.yaml")
	equal(t, "connections", c.Limits.Connections, 100)
	equal(t, "feeds", c.Limits.Feeds, 7)
	equal(t, "snapshot", c.Limits.Snapshot, 100<<10)
	equal(t, "idle", c.Timeouts.Idle, 100*time.Second)
	equal(t, "sort_query", c.Routes[0].Key.SortQuery, true)
}

func TestKeysAreNotExpanded(t *testing.T) {
	t.Setenv("POLLMUX_TEST_KEY", "log")
	_, err := config.Parse("f", []byte(minimal+"${POLLMUX_TEST_KEY}: {level: info}\n"))
	const want = `f:3: ["${POLLMUX_TEST_KEY}"]: unknown key; allowed here: listen, tls, reuse_port, admin, trusted_proxies, drain_delay, drain_timeout, log, tracing, limits, timeouts, upstreams, routes`
	equal(t, "error", errorText(err), want)
}

func TestAVariableCannotInjectStructure(t *testing.T) {
	t.Setenv("POLLMUX_TEST_EVIL", "x\"\nadmin: {listen: \"0.0.0.0:1\"}\n# &a *a !!str {b: c}")
	c, err := config.Parse("f", []byte(minimal+"admin: {token: \"t\"}\nlog: {format: \"${POLLMUX_TEST_EVIL}\"}"))
	equal(t, "configuration", c, nil)
	const want = `f:4: log.format: "x\"\nadmin: {listen: \"0.0.0.0:1\"}\n# &a *a !!str {b: c}" is not known; allowed: text, json`
	equal(t, "error", errorText(err), want)
}
