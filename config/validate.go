package config

import (
	"slices"
	"strings"
	"time"
)

// Validate checks a configuration that was built in Go, by the rules and in
// the words of Parse; the error is a Problems. A key counts as set when its
// value is neither zero nor the default. When all is well, routes without a
// name are given their default one.
func (c *Config) Validate() error {
	_, err := c.check(newReport(""))
	return err
}

// validator checks what was decoded against the rules. It may look at fields
// that could not be read: what it says about them is not heard, and a rule
// about two fields asks first whether the other one is sound.
type validator struct {
	*report
	config *Config
}

func (v *validator) validate() {
	v.addresses()
	v.admin()
	for i, p := range v.config.TrustedProxies {
		if !p.IsValid() {
			v.wrong(item("trusted_proxies", i), "is not a network; write one such as 10.0.0.0/8, or one address")
		}
	}
	v.tls()
	v.notNegative("drain_delay", v.config.DrainDelay)
	v.notNegative("drain_timeout", v.config.DrainTimeout)
	word(v, "log.level", v.config.Log.Level, []LogLevel{LogDebug, LogInfo, LogWarn, LogError})
	word(v, "log.format", v.config.Log.Format, []LogFormat{LogText, LogJSON})
	v.access(v.config.Log.Access)
	v.tracing(v.config.Tracing)
	v.limits(v.config.Limits)
	v.timeouts(v.config.Timeouts)
	v.upstreams()
	v.routes()
}

func (v *validator) limits(l Limits) {
	v.count("limits.connections", l.Connections)
	v.count("limits.connections_per_ip", l.ConnectionsPerIP)
	v.count("limits.subscribers", l.Subscribers)
	v.count("limits.feeds", l.Feeds)
	v.count("limits.authorizations", l.Authorizations)
	v.count("limits.feeds_per_ip", l.FeedsPerIP)
	v.within("limits.subscribers", l.Subscribers, "limits.connections", l.Connections)
	v.within("limits.connections_per_ip", l.ConnectionsPerIP, "limits.connections", l.Connections)
	v.within("limits.feeds_per_ip", l.FeedsPerIP, "limits.feeds", l.Feeds)
	v.sizeBetween("limits.request_header", l.RequestHeader, 1<<10, 1<<20)
	v.size("limits.request_body", l.RequestBody)
	v.size("limits.snapshot", l.Snapshot)
	v.size("limits.snapshots", l.Snapshots)
}

func (v *validator) timeouts(t Timeouts) {
	v.positive("timeouts.header", t.Header)
	v.positive("timeouts.idle", t.Idle)
	v.positive("timeouts.write", t.Write)
}

func (v *validator) count(field string, n int) {
	if n < 0 {
		v.wrong(field, "%d is negative; 0 (no limit) or more is allowed", n)
	}
}

// within checks a limit that has no effect beyond another one.
func (v *validator) within(field string, n int, other string, most int) {
	if most > 0 && n > most && v.sound(field) && v.sound(other) {
		v.wrong(field, "%d has no effect beyond %s, which is %d; lower it, or raise that", n, other, most)
	}
}

func (v *validator) size(field string, s Size) {
	if s < 0 {
		v.wrong(field, "%v is negative; 0 (no limit) or more is allowed", s)
	}
}

func (v *validator) sizeBetween(field string, s, least, most Size) {
	if s < least || s > most {
		v.wrong(field, "%v is out of range; %v to %v is allowed", s, least, most)
	}
}

func (v *validator) notNegative(field string, d time.Duration) {
	if d < 0 {
		v.wrong(field, "%v is negative; 0 or more is allowed", d)
	}
}

func (v *validator) positive(field string, d time.Duration) {
	if d <= 0 {
		v.wrong(field, "%v is not a limit; more than 0 is allowed, such as 10s", d)
	}
}

func (v *validator) atLeast(field string, d, least time.Duration) {
	if d < least {
		v.wrong(field, "%v is too short; at least %v is allowed", d, least)
	}
}

// word checks that a value is one of a few.
func word[T ~string](v *validator, field string, value T, allowed []T) {
	if slices.Contains(allowed, value) {
		return
	}
	list := make([]string, len(allowed))
	for i, a := range allowed {
		list[i] = string(a)
	}
	v.wrong(field, "%s is not known; allowed: %s", quote(string(value)), strings.Join(list, ", "))
}

// entry returns the path of an entry of a list that the file may also write as
// one value.
func (v *validator) entry(field string, i int) string {
	if _, listed := v.lines[item(field, i)]; v.lines != nil && !listed {
		return field
	}
	return item(field, i)
}
