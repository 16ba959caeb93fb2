package config

import (
	"reflect"
	"strings"
	"time"
)

// authorize checks how clients are let in.
func (v *validator) authorize(route string, r *Route) {
	field, a, byDefault := route+".authorize", r.Authorize, DefaultRoute().Authorize
	if r.Share != ShareAuthorize && v.sound(route+".share") {
		if v.given(field, reflect.ValueOf(a), reflect.ValueOf(byDefault)) {
			v.wrong(field, "has no effect without share: authorize; remove it, or add share: authorize")
		}
		return
	}
	v.atLeast(field+".ttl", a.TTL, 10*time.Millisecond)
	switch {
	case strings.Contains(a.Path, "*"):
		v.wrong(field+".path", "%s is sent as it is, and \"*\" stands for nothing; write one path such as /me", quote(a.Path))
	case a.Path != "":
		v.sendPath(field+".path", a.Path)
	}
}
