package config_test

import (
	"os"
	"reflect"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/pollmux/pollmux/config"
)

const example = "../config.example.yaml"

func TestTheExampleLoadsWithoutAnyVariable(t *testing.T) {
	c, err := config.Load(example)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "routes", len(c.Routes), 5)
	equal(t, "mode of the last route", c.Routes[4].Mode, config.ModePass)
}

// TestTheExampleTellsTheDefaults pins what its comments call the default, for
// the keys that it sets to it.
func TestTheExampleTellsTheDefaults(t *testing.T) {
	c, err := config.Load(example)
	if err != nil {
		t.Fatal(err)
	}
	d, r, scores, chat := config.Default(), config.DefaultRoute(), c.Routes[0], c.Routes[1]
	equal(t, "listen", c.Listen, d.Listen)
	equal(t, "admin", c.Admin, d.Admin)
	equal(t, "tls", len(c.TLS), len(d.TLS))
	equal(t, "reuse_port", c.ReusePort, d.ReusePort)
	equal(t, "drain_delay", c.DrainDelay, d.DrainDelay)
	equal(t, "drain_timeout", c.DrainTimeout, d.DrainTimeout)
	equal(t, "log", c.Log, d.Log)
	equal(t, "share of traces", c.Tracing.Sample, d.Tracing.Sample)
	equal(t, "service_name", c.Tracing.ServiceName, d.Tracing.ServiceName)
	equal(t, "endpoint", c.Tracing.OTLP.Endpoint, d.Tracing.OTLP.Endpoint)
	equal(t, "limits", c.Limits, d.Limits)
	equal(t, "timeouts", c.Timeouts, d.Timeouts)
	equal(t, "upstream timeout", c.Upstreams["scores"].Timeout, config.DefaultUpstream().Timeout)
	equal(t, "healthy", c.Upstreams["scores"].Health.Healthy, config.DefaultUpstream().Health.Healthy)
	equal(t, "unhealthy", c.Upstreams["scores"].Health.Unhealthy, config.DefaultUpstream().Health.Unhealthy)
	equal(t, "health interval", c.Upstreams["scores"].Health.Interval, config.DefaultUpstream().Health.Interval)
	equal(t, "health timeout", c.Upstreams["scores"].Health.CheckTimeout(), config.DefaultUpstream().Health.CheckTimeout())
	equal(t, "mode", scores.Mode, r.Mode)
	equal(t, "methods", scores.Methods, r.Methods)
	equal(t, "serve", scores.Serve, r.Serve)
	equal(t, "weight", scores.Weight, r.Weight)
	equal(t, "wait", scores.Wait, r.Wait)
	equal(t, "keepalive", scores.Keepalive, r.Keepalive)
	equal(t, "linger", scores.Linger, r.Linger)
	equal(t, "stale_while_revalidate", scores.StaleWhileRevalidate, r.StaleWhileRevalidate)
	equal(t, "stale_if_error", scores.StaleIfError, r.StaleIfError)
	equal(t, "codings", scores.Compress.Codings, r.Compress.Codings)
	equal(t, "streams", scores.Compress.Streams, r.Compress.Streams)
	equal(t, "private", scores.Compress.Private, r.Compress.Private)
	equal(t, "compress of WebSockets", chat.WebSocket.Compress, r.WebSocket.Compress)
	equal(t, "ping", chat.WebSocket.Ping, r.WebSocket.Ping)
	equal(t, "ttl", c.Routes[3].Authorize.TTL, r.Authorize.TTL)
	equal(t, "allow_no_origin", chat.WebSocket.AllowNoOrigin, r.WebSocket.AllowNoOrigin)
	equal(t, "max_message", chat.WebSocket.MaxMessage, r.WebSocket.MaxMessage)
}

func TestTheExampleShowsEveryKeyOfEveryStruct(t *testing.T) {
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	shown := map[reflect.Type]map[string]bool{}
	collect(reflect.TypeFor[config.Config](), doc.Content[0], shown)
	equal(t, "number of structs", len(shown), 19)
	for typ, keys := range shown {
		for _, key := range config.KeysOf(typ) {
			if !keys[key] {
				t.Errorf("%v: %s is not shown", typ, key)
			}
		}
	}
}

// collect notes the keys of each struct that a node is decoded into.
func collect(typ reflect.Type, n *yaml.Node, shown map[reflect.Type]map[string]bool) {
	switch {
	case typ.Kind() == reflect.Pointer:
		collect(typ.Elem(), n, shown)
	case typ.Kind() == reflect.Map:
		for i := 1; i < len(n.Content); i += 2 {
			collect(typ.Elem(), n.Content[i], shown)
		}
	case typ.Kind() == reflect.Slice:
		for _, entry := range n.Content {
			collect(typ.Elem(), entry, shown)
		}
	case typ.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		if shown[typ] == nil {
			shown[typ] = map[string]bool{}
		}
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i].Value
			shown[typ][key] = true
			for f := range typ.NumField() {
				if typ.Field(f).Tag.Get("yaml") == key {
					collect(typ.Field(f).Type, n.Content[i+1], shown)
				}
			}
		}
	}
}

func TestEveryFieldHasAKeyOfItsOwn(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[config.Config](), reflect.TypeFor[config.Admin](), reflect.TypeFor[config.Log](),
		reflect.TypeFor[config.Limits](), reflect.TypeFor[config.Timeouts](), reflect.TypeFor[config.Upstream](),
		reflect.TypeFor[config.Route](), reflect.TypeFor[config.Key](), reflect.TypeFor[config.Write](),
		reflect.TypeFor[config.WebSocket](), reflect.TypeFor[config.Send](), reflect.TypeFor[config.Compress](),
		reflect.TypeFor[config.Access](), reflect.TypeFor[config.Tracing](), reflect.TypeFor[config.OTLP](),
		reflect.TypeFor[config.Interval](), reflect.TypeFor[config.Authorize](),
		reflect.TypeFor[config.Health](), reflect.TypeFor[config.UpstreamTLS](),
		reflect.TypeFor[config.Listener](), reflect.TypeFor[config.KeyPair](),
	} {
		seen := map[string]bool{}
		for _, key := range config.KeysOf(typ) {
			if key == "" || seen[key] {
				t.Errorf("%v has the key %q twice, or without a name", typ, key)
			}
			seen[key] = true
		}
	}
}
