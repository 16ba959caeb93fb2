package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
)

const minimal = `upstreams: {api: {servers: ["http://127.0.0.1:9000"]}}
routes: [{path: /**, upstream: api}]
`

func TestAFileThatCannotBeReadSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	file, locked := filepath.Join(dir, "file.yaml"), filepath.Join(dir, "locked.yaml")
	for path, mode := range map[string]fs.FileMode{file: 0o600, locked: 0} {
		if err := os.WriteFile(path, []byte(minimal), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		path  string
		cause error
		hint  string
	}{
		{filepath.Join(dir, "none.yaml"), fs.ErrNotExist, "no such file or directory; check the path, and the directory that it starts from"},
		{locked, fs.ErrPermission, "permission denied; let the user that runs this read the file and enter its directories"},
		{dir, syscall.EISDIR, "is a directory; name a file inside of it"},
		{filepath.Join(file, "x"), syscall.ENOTDIR, "not a directory; check the path"},
	} {
		if !strings.HasSuffix(tc.hint, config.Remedy(tc.cause)) {
			t.Errorf("%v: %s", tc.cause, config.Remedy(tc.cause))
		}
		_, err := config.Load(tc.path)
		if err == nil && errors.Is(tc.cause, fs.ErrPermission) {
			continue // root may read anything
		}
		if text := errorText(err); !errors.Is(err, tc.cause) || !strings.HasPrefix(text, "read configuration: ") || !strings.HasSuffix(text, tc.hint) || strings.Contains(text, "\n") {
			t.Errorf("%s: %s", tc.path, text)
		}
	}
}

func TestAFileThatIsTooLargeIsNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.yaml")
	atLimit := minimal + strings.Repeat("#", config.MaxFile-len(minimal)-1) + "\n"
	for _, tc := range []struct{ text, want string }{
		{atLimit, "<nil>"},
		{atLimit + "\n", path + ":1: is larger than 1MiB, the most that is allowed; is it a configuration?"},
	} {
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := config.Load(path)
		if got := errorText(err); got != tc.want {
			t.Errorf("%d bytes: got %s, want %s", len(tc.text), got, tc.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return "<nil>"
	}
	return err.Error()
}

func TestWhatAFileLeavesOutHasItsDefault(t *testing.T) {
	c := load(t, "valid-minimal.yaml")
	want := config.Default()
	want.Upstreams["api"] = config.DefaultUpstream()
	want.Upstreams["api"].Servers = c.Upstreams["api"].Servers
	route := config.DefaultRoute()
	route.Name, route.Path, route.Upstream = "/**", config.MustPattern("/**"), "api"
	want.Routes = []*config.Route{route}
	config.ForgetLines(c)
	equal(t, "configuration", c, want)
	equal(t, "server", c.Upstreams["api"].Servers[0].String(), "http://127.0.0.1:9000")
}

func TestAListReplacesItsDefault(t *testing.T) {
	c := load(t, "valid-edges.yaml")
	equal(t, "ignore_query", len(c.Routes[0].Key.IgnoreQuery), 0)
	equal(t, "serve", c.Routes[0].Serve, []config.Transport{config.Poll})
	equal(t, "serve of the next route", c.Routes[1].Serve, []config.Transport{config.Longpoll, config.WS})
	equal(t, "methods of the next route", c.Routes[1].Methods, []string{"GET"})
}

func TestUnitsAndShortFormsAreUnderstood(t *testing.T) {
	c := load(t, "valid-units.yaml")
	equal(t, "drain_timeout", c.DrainTimeout, 0)
	equal(t, "connections", c.Limits.Connections, 1000)
	equal(t, "request_header", c.Limits.RequestHeader, 2048)
	equal(t, "request_body", c.Limits.RequestBody, 500_000)
	equal(t, "snapshot", c.Limits.Snapshot, 3_000_000)
	equal(t, "snapshots", c.Limits.Snapshots, 2_000_000_000)
	equal(t, "max_message", c.Routes[0].WebSocket.MaxMessage, 512)
	equal(t, "sort_query", c.Routes[0].Key.SortQuery, false)
	equal(t, "interval", c.Routes[0].Interval, config.Every(500*time.Millisecond))
	equal(t, "wait", c.Routes[0].Wait, time.Hour)
	equal(t, "server", c.Upstreams["api"].Servers[0].String(), "https://api.example.com")
	var proxies []string
	for _, p := range c.TrustedProxies {
		proxies = append(proxies, p.String())
	}
	equal(t, "trusted_proxies", proxies, []string{"10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "::1/128", "192.0.2.2/32"})
}

func TestAPaceIsReadInEachOfItsForms(t *testing.T) {
	c := load(t, "valid-pace.yaml")
	for name, want := range map[string]config.Rate{"api": 50, "slow": 1.0 / 3600, "fast": 1e6, "free": 0} {
		equal(t, "budget of "+name, c.Upstreams[name].Budget, want)
	}
	adaptive := func(shortest, longest time.Duration) config.Interval {
		return config.Interval{Min: shortest, Max: longest}
	}
	for i, want := range []config.Interval{
		config.Every(2 * time.Second), adaptive(10*time.Millisecond, 24*time.Hour), config.Every(100 * time.Millisecond),
		adaptive(500*time.Millisecond, 100*time.Second), config.Every(500 * time.Millisecond),
	} {
		r := c.Routes[i]
		equal(t, "interval of "+r.Name, r.Interval, want)
		equal(t, "fixed "+r.Name, r.Interval.Fixed(), i != 1 && i != 3)
		equal(t, "weight of "+r.Name, r.Weight, []float64{1, 1e6, 100, 0.25, 1}[i])
	}
	equal(t, "changed_at", c.Routes[0].ChangedAt, "/header/timestamp")
}

func TestAListenAddressMayStandAloneOrInAList(t *testing.T) {
	for text, want := range map[string]config.Listeners{
		`listen: "127.0.0.1:80"`:                config.ListenOn("127.0.0.1:80"),
		`listen: ["127.0.0.1:80", "[::1]:443"]`: config.ListenOn("127.0.0.1:80", "[::1]:443"),
	} {
		c, err := config.Parse("f", []byte(minimal+text))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, text, c.Listen, want)
	}
}

func TestARouteWithoutANameIsNamedByItsPathAndByItsHostWhereItMust(t *testing.T) {
	var names []string
	for _, r := range load(t, "valid-names.yaml").Routes {
		names = append(names, r.Name)
	}
	equal(t, "names", names, []string{"a.example.com/api/**", "*.example.com/api/**", "/api/**", "/chat", "/c", "a.example.com/c", "two words"})
}

func TestAnAliasIsItsValue(t *testing.T) {
	c := load(t, "valid-aliases.yaml")
	equal(t, "servers", c.Upstreams["slow"].Servers, c.Upstreams["api"].Servers)
	equal(t, "key", c.Routes[1].Key, config.Key{IgnoreQuery: config.Globs{"_", "utm_*"}, SortQuery: true})
	equal(t, "linger", c.Routes[1].Linger, time.Minute)
}

func TestAMessageIsSentByPostUnlessTheFileSaysOtherwise(t *testing.T) {
	c := load(t, "valid-edges.yaml")
	equal(t, "send", *c.Routes[1].WebSocket.Send, config.Send{Method: "POST", Path: "/a?b=%20c"})
	if c.Routes[0].WebSocket.Send != nil {
		t.Error("a route without send has one")
	}
}

func TestProblemsComeInTheOrderOfTheirLines(t *testing.T) {
	setTestEnv(t)
	for _, name := range files(t, "invalid-*.yaml") {
		_, err := config.Load(filepath.Join(testdata, name))
		byLine := func(a, b config.Problem) int { return a.Line - b.Line }
		if ps := problems(t, err); !slices.IsSortedFunc(ps, byLine) {
			t.Errorf("%s: %v", name, ps)
		}
	}
}

func TestAProblemLeavesOutWhatIsNotKnown(t *testing.T) {
	for want, p := range map[string]config.Problem{
		"a.yaml:3: log.level: is bad": {File: "a.yaml", Line: 3, Field: "log.level", Text: "is bad"},
		"a.yaml:3: is bad":            {File: "a.yaml", Line: 3, Text: "is bad"},
		"a.yaml: is bad":              {File: "a.yaml", Text: "is bad"},
		"line 3: log.level: is bad":   {Line: 3, Field: "log.level", Text: "is bad"},
		"log.level: is bad":           {Field: "log.level", Text: "is bad"},
	} {
		equal(t, "problem", p.String(), want)
	}
}

func TestASyntaxErrorIsOnTheLineThatBreaksTheFile(t *testing.T) {
	const (
		check = "; check the indentation, quotes and brackets of this line and the one above"
		quote = "; put ${NAME} in quotes inside of {} and []"
	)
	for text, want := range map[string]string{
		"\"":                       "1: is not YAML: found unexpected end of stream" + check,
		"\n\"":                     "2: is not YAML: found unexpected end of stream" + check,
		"a: 1\n\n\"\n\n":           "3: is not YAML: found unexpected end of stream" + check,
		"{a: ${B}}\nc: d\ne: f":    "1: is not YAML: did not find expected ',' or '}'" + quote,
		"a: 1\nb: {a: ${B}}":       "2: is not YAML: did not find expected ',' or '}'" + quote,
		"# ${A}\na: 1\n[\n":        "3: is not YAML: could not find expected ':'" + check,
		"a:\n  1: b\nc\n\n\n\n":    "3: is not YAML: could not find expected ':'" + check,
		"a: 1\nb: *c\n":            "2: is not YAML: unknown anchor 'c' referenced; put text that begins with \"*\" in quotes; as an alias, it needs an anchor further up",
		"a: 1\n...\n---\nb: 1\n\"": "5: is not YAML: found unexpected end of stream" + check,
	} {
		_, err := config.Parse("f", []byte(text))
		equal(t, text, errorText(err), "f:"+want)
	}
}

func TestWhatIsNotTextIsNotYAML(t *testing.T) {
	for _, text := range []string{"\t", "\r\n", "\u0085", "\u00a0", "\u2028", "é", "日本", "😀", "\ufffd"} {
		_, err := config.Parse("f", []byte(minimal+"# "+text+"\n"))
		equal(t, text, err, nil)
	}
	for text, first := range map[string]string{
		"\x00": "00", "\x1b": "1b", "\x7f": "7f", "\u0080": "c2", "\u009f": "c2", "\ufeff": "ef", "\ufffe": "ef", "\uffff": "ef",
		"\xff": "ff", "\xc3": "c3", "\xed\xa0\x80": "ed",
	} {
		_, err := config.Parse("f", []byte(minimal+"# "+text))
		equal(t, text, errorText(err), "f:3: contains the byte 0x"+first+" and is not text; a configuration is YAML in UTF-8")
	}
}

// TestASyntaxErrorInALargeFileHasALine is about the lines of yaml.v3, which are
// what is left when a better one would take too long to find.
func TestASyntaxErrorInALargeFileHasALine(t *testing.T) {
	text := "# a comment\nlisten: \"\n" + strings.Repeat("log: {level: info}\n", 50_000)
	_, err := config.Parse("f", []byte(text))
	const want = "f:2: is not YAML: found unexpected end of stream; check the indentation, quotes and brackets of this line and the one above"
	equal(t, "error", errorText(err), want)
}

func TestSecretsAreNotQuoted(t *testing.T) {
	const secret = "hunter2"
	for _, text := range []string{
		`admin: {token: "hunter2 hunter2"}`,
		`admin: hunter2`,
		`admin: {token: {a: hunter2}}`,
		`upstreams: {api: {servers: ["http://user:hunter2@localhost"]}}`,
		`upstreams: {api: {servers: ["user:hunter2@localhost"]}}`,
		`upstreams: {api: {servers: ["http://user:hunter2@local host"]}}`,
		`upstreams: {api: {servers: "http://user:hunter2@localhost"}}`,
		`upstreams: {api: {servers: ["http://localhost?key=hunter2"]}}`,
		`upstreams: {api: {servers: ["http://localhost#hunter2"]}}`,
		`upstreams: {api: "http://user:hunter2@localhost"}`,
	} {
		_, err := config.Parse("f", []byte(text))
		if ps := problems(t, err); strings.Contains(ps.Error(), secret) {
			t.Errorf("%s: %v", text, ps)
		}
	}
}

// load returns a file of testdata, which must be valid.
func load(t *testing.T, name string) *config.Config {
	t.Helper()
	setTestEnv(t)
	c, err := config.Load(filepath.Join(testdata, name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
