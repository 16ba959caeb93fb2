package config

import (
	"reflect"
	"strings"
	"time"
)

// health checks how servers are asked whether they are well.
func (v *validator) health(field string, h Health) {
	if h.Path == "" {
		byDefault := DefaultUpstream().Health
		if v.sound(field+".path") && v.given(field, reflect.ValueOf(h), reflect.ValueOf(byDefault)) {
			v.wrong(field+".path", "is missing; write the path of a page that says whether a server is well, such as /healthz")
		}
		return
	}
	if strings.Contains(h.Path, "*") {
		v.wrong(field+".path", "%s is sent as it is, and \"*\" stands for nothing; write one path such as /healthz", quote(h.Path))
	} else {
		v.sendPath(field+".path", h.Path)
	}
	v.atLeast(field+".interval", h.Interval, 100*time.Millisecond)
	switch {
	case h.Timeout < 0:
		v.wrong(field+".timeout", "%v is not a limit; more than 0 is allowed, such as 2s", h.Timeout)
	case h.Timeout > h.Interval && v.sound(field+".interval") && h.Interval > 0:
		v.wrong(field+".timeout", "%v is longer than interval, which is %v; lower it, or raise that", h.Timeout, h.Interval)
	}
	for i, status := range h.Status {
		if status < 200 || status > 599 {
			v.wrong(item(field+".status", i), "%d is not the status of an answer; 200 to 599 is allowed", status)
		}
	}
	v.inARow(field+".healthy", h.Healthy)
	v.inARow(field+".unhealthy", h.Unhealthy)
}

func (v *validator) inARow(field string, n int) {
	if n < 1 || n > 100 {
		v.wrong(field, "%d is out of range; 1 to 100 is allowed", n)
	}
}

// CheckTimeout is how long a check may take.
func (h Health) CheckTimeout() time.Duration {
	if h.Timeout > 0 {
		return h.Timeout
	}
	return min(2*time.Second, h.Interval)
}
