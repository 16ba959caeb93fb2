package config_test

import (
	"math"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
)

// built returns a valid configuration as a program would build it.
func built() *config.Config {
	c := config.Default()
	api := config.DefaultUpstream()
	api.Servers = []*url.URL{{Scheme: "http", Host: "127.0.0.1:9000"}}
	c.Upstreams["api"] = api
	c.Routes = []*config.Route{route("/api/**"), route("/**")}
	return c
}

func route(path string) *config.Route {
	r := config.DefaultRoute()
	r.Path, r.Upstream = config.MustPattern(path), "api"
	return r
}

func TestAConfigurationBuiltInGoIsCompletedWhenItIsValid(t *testing.T) {
	c := built()
	c.Routes[0].Host = "example.com"
	c.Routes[1] = &config.Route{Name: "rest", Path: config.MustPattern("/**"), Upstream: "api", Mode: config.ModePass}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	equal(t, "name", c.Routes[0].Name, "/api/**")
	equal(t, "name", c.Routes[1].Name, "rest")
}

func TestAConfigurationBuiltInGoIsNotCompletedWhileItIsNotValid(t *testing.T) {
	c := built()
	c.Routes[1].Interval = config.Interval{}
	if c.Validate() == nil {
		t.Error("valid")
	}
	equal(t, "name", c.Routes[0].Name, "")
}

func TestAConfigurationBuiltInGoIsReportedInTheWordsOfAFile(t *testing.T) {
	for _, tc := range []struct {
		change func(*config.Config)
		want   string
	}{
		{func(c *config.Config) { *c = *config.Default() },
			"routes: is missing; at least one route is needed, such as [{path: /**, upstream: NAME}]"},
		{func(c *config.Config) { c.Listen = nil },
			"listen: names no address; write host:port, such as 127.0.0.1:8080"},
		{func(c *config.Config) { c.Listen = config.ListenOn("x", ":1", ":1") },
			"listen[0]: \"x\" is not host:port; write 127.0.0.1:8080, or :8080 for every interface\n" +
				"listen[2]: \":1\" is already taken by listen[1] (\":1\"); write an address once"},
		{func(c *config.Config) { c.TrustedProxies = []netip.Prefix{{}} },
			"trusted_proxies[0]: is not a network; write one such as 10.0.0.0/8, or one address"},
		{func(c *config.Config) { c.Log = config.Log{} },
			"log.level: \"\" is not known; allowed: debug, info, warn, error\n" +
				"log.format: \"\" is not known; allowed: text, json\n" +
				"log.access.client: \"\" is not known; allowed: full, network, none\n" +
				"log.access.output: \"\" is not known; allowed: stderr, stdout, or the path of a file with a \"/\" in it"},
		{func(c *config.Config) { c.Timeouts.Idle = 0 },
			"timeouts.idle: 0s is not a limit; more than 0 is allowed, such as 10s"},
		{func(c *config.Config) { c.Upstreams["api"] = nil },
			"upstreams.api: is nil; start from DefaultUpstream"},
		{func(c *config.Config) { c.Upstreams["api"].Servers[0] = nil },
			"upstreams.api.servers[0]: is nil; write http://host:port or https://host"},
		{func(c *config.Config) { c.Upstreams["api"].Servers[0].Path = "/" }, ""},
		{func(c *config.Config) { c.Upstreams["a b"] = config.DefaultUpstream() },
			"upstreams[\"a b\"]: has a name that is not made of letters, digits, \"_\", \"-\" and \".\"; rename it\n" +
				"upstreams[\"a b\"]: is not used by any route; name it in one, or remove it\n" +
				"upstreams[\"a b\"].servers: is missing; name a server, as [\"http://host:port\"] or [\"https://host\"]"},
		{func(c *config.Config) { c.Routes[0] = nil },
			"routes[0]: is nil; start from DefaultRoute"},
		{func(c *config.Config) { c.Routes[0] = &config.Route{} },
			"routes[0].path: is missing; write a pattern such as /api/** (*: one segment, **: any number)\n" +
				"routes[0].upstream: is missing; name one of: api\n" +
				"routes[0].mode: \"\" is not known; allowed: coalesce, observe, pass\n" +
				"routes[0].methods: names no method; allowed: GET, which includes HEAD, and POST where it only reads\n" +
				"routes[0].interval: 0s is too short; at least 10ms is allowed\n" +
				"routes[0].weight: 0 is out of range; more than 0 and at most 1000000 is allowed\n" +
				"routes[0].serve: names no transport; allowed: poll, longpoll, sse, ndjson, multipart, websocket\n" +
				"routes[0].share: \"\" is not known; allowed: auto, public, identity, authorize\n" +
				"routes[0].authorize.ttl: 0s is too short; at least 10ms is allowed\n" +
				"routes[0].wait: 0s is too short; at least 1s is allowed\n" +
				"routes[0].keepalive: 0s is too short; at least 1s is allowed\n" +
				"routes[0].websocket.ping: 0s is too short; at least 1s is allowed\n" +
				"routes[0].websocket.max_message: 0 is out of range; 1 to 16MiB is allowed"},
		{func(c *config.Config) { c.Routes[0].Path = config.MustPattern("/**") },
			"routes[1]: can never match: routes[0] (\"/**\") takes every request first; move this route before it, or remove one"},
		{func(c *config.Config) { c.Routes[0].Mode, c.Routes[0].Ignore = config.ModePass, []string{"/a"} },
			"routes[0].ignore: has no effect with mode: pass; remove it"},
		{func(c *config.Config) { c.Routes[0].Serve = []config.Transport{config.Poll} }, ""},
		{func(c *config.Config) {
			c.Routes[0].Serve, c.Routes[0].WebSocket.Ping = []config.Transport{config.Poll}, 1e9
		}, "routes[0].websocket: has no effect without websocket in serve; remove it, or add websocket"},
		{func(c *config.Config) {
			c.Routes[0].Serve, c.Routes[0].Wait, c.Routes[0].Keepalive = []config.Transport{config.Poll}, 2e9, 2e9
		}, "routes[0].wait: has no effect without longpoll in serve; remove it, or add longpoll\n" +
			"routes[0].keepalive: has no effect without sse, ndjson or multipart in serve; remove it, or add one of them"},
		{func(c *config.Config) { c.Routes[0].Interval = config.Interval{Min: 1e9, Max: 30e9} }, ""},
		{func(c *config.Config) { c.Routes[0].Interval = config.Interval{Min: 1e9} },
			"routes[0].interval.max: 0s is too short; at least 10ms is allowed"},
		{func(c *config.Config) { c.Routes[0].Interval = config.Interval{Min: 1e9, Max: 6e8} },
			"routes[0].interval.max: 600ms is below min, which is 1s; raise it, or lower that"},
		{func(c *config.Config) { c.Routes[0].Weight, c.Routes[1].ChangedAt = 2, "/time" },
			"routes[0].weight: has no effect with a fixed interval and no budget; remove it, or write interval as {min, max}, or give upstream api a budget\n" +
				"routes[1].changed_at: has no effect with a fixed interval and no budget; remove it, or write interval as {min, max}, or give upstream api a budget"},
		{func(c *config.Config) { c.Routes[0].Weight, c.Upstreams["api"].Budget = 2, 50 }, ""},
		{func(c *config.Config) {
			c.Routes[0].Weight, c.Upstreams["api"].Budget = math.NaN(), config.Rate(math.NaN())
		}, "upstreams.api.budget: NaN/s is out of range; 1/h to 1000000/s is allowed; leave it out for none\n" +
			"routes[0].weight: NaN is out of range; more than 0 and at most 1000000 is allowed"},
		{func(c *config.Config) { c.Upstreams["api"].Budget = -1 },
			"upstreams.api.budget: -1/s is out of range; 1/h to 1000000/s is allowed; leave it out for none"},
		{func(c *config.Config) { c.Routes[0].WebSocket.Send = &config.Send{Path: "/a"} },
			"routes[0].websocket.send.method: is missing; write a method that changes something, such as POST"},
	} {
		c := built()
		tc.change(c)
		err := c.Validate()
		if tc.want == "" {
			equal(t, "error", err, nil)
			continue
		}
		equal(t, "problems", problems(t, err).Error(), tc.want)
		for _, p := range problems(t, err) {
			equal(t, "line of "+p.Text, p.Line, 0)
		}
	}
}

func TestTheDefaultsAreValidWithAServerAndAPath(t *testing.T) {
	equal(t, "error", built().Validate(), nil)
}

func TestAPortOfTheSystemsChoiceMayBeListenedOnTwice(t *testing.T) {
	c := built()
	c.Listen, c.Admin.Listen = config.ListenOn("127.0.0.1:0", "127.0.0.1:0"), "127.0.0.1:0"
	equal(t, "error", c.Validate(), nil)
}

func TestOnlyALoopbackAdminListenerNeedsNoToken(t *testing.T) {
	for address, loopback := range map[string]bool{
		"127.0.0.1:1": true, "127.8.9.10:1": true, "[::1]:1": true, "localhost:1": true, "LOCALHOST:1": true, "[::ffff:127.0.0.1]:1": true,
		":1": false, "0.0.0.0:1": false, "[::]:1": false, "10.0.0.1:1": false, "example.com:1": false, "127.0.0.1.example.com:1": false,
	} {
		c := built()
		c.Admin.Listen = address
		equal(t, address, c.Validate() == nil, loopback)
		c.Admin.Token = "secret"
		equal(t, address+" with a token", c.Validate(), nil)
	}
}

func TestAHostIsANameOrAnAddress(t *testing.T) {
	label := strings.Repeat("a", 63)
	longest := strings.Join([]string{label, label, label, label[:61]}, ".")
	for host, valid := range map[string]bool{
		"a": true, "a.example.com": true, "*.example.com": true, "my_api": true, "_a.b-c.d": true, "1a": true, "a.1a": true,
		"127.0.0.1": true, "[::1]": true, "[2001:db8::1]": true, label: true, longest: true,
		".": false, "a.": false, ".a": false, "a..b": false, "-a": false, "a-": false, "a b": false, "é.com": false, "a/b": false,
		"1.2.3": false, "1.2.3.4.5": false, "1.2.3.256": false, "a.1": false, "[::1": false, "::1]": false, "[]": false, "[::1%a]": false,
		"[127.0.0.1]": false, "*.": false, "*.*.a": false, label + "a": false, longest + "a": false, "A": false, ":80": false, "a:80": false,
	} {
		c := built()
		c.Routes[0].Host = host
		equal(t, host, c.Validate() == nil, valid)
	}
}

func TestATokenIsVisibleASCII(t *testing.T) {
	for token, valid := range map[string]bool{"": true, "!~aZ09": true, "a b": false, "a\tb": false, "a\x7f": false, "é": false} {
		c := built()
		c.Admin.Token = token
		equal(t, token, c.Validate() == nil, valid)
	}
}

func TestAHostIsCoveredByItselfItsDomainOrAny(t *testing.T) {
	for _, tc := range []struct {
		first, second string
		covered       bool
	}{
		{"", "", true},
		{"", "a.example.com", true},
		{"", "*.example.com", true},
		{"a.example.com", "a.example.com", true},
		{"*.example.com", "*.example.com", true},
		{"*.example.com", "a.example.com", true},
		{"*.example.com", "*.a.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", "anexample.com", false},
		{"*.a.example.com", "*.example.com", false},
		{"a.example.com", "b.example.com", false},
		{"a.example.com", "", false},
		{"*.example.com", "", false},
	} {
		c := built()
		c.Routes = []*config.Route{route("/a"), route("/a")}
		c.Routes[0].Host, c.Routes[1].Host = tc.first, tc.second
		equal(t, tc.first+" before "+tc.second, c.Validate() != nil, tc.covered)
	}
}
