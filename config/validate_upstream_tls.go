package config

import (
	"net/url"
	"reflect"
	"slices"
)

// upstreamTLS checks how https servers are spoken to, as far as that does not depend
// on files: see [UpstreamTLS.Load].
func (v *validator) upstreamTLS(field string, u *Upstream) {
	t := u.TLS
	if !v.given(field, reflect.ValueOf(t), reflect.ValueOf(UpstreamTLS{})) {
		return
	}
	secure := func(s *url.URL) bool { return s != nil && s.Scheme == "https" }
	if len(u.Servers) > 0 && !slices.ContainsFunc(u.Servers, secure) && v.whole(parent(field)+".servers") {
		v.wrong(field, "has no effect without a server that begins with https://; remove it, or write https://")
	}
	switch {
	case t.Cert != "" && t.Key == "":
		v.wrong(field+".key", "is missing; name the file of the private key of cert")
	case t.Cert == "" && t.Key != "":
		v.wrong(field+".cert", "is missing; name the file of the certificate of key")
	}
	if t.InsecureSkipVerify && t.CA != "" {
		v.wrong(field+".ca", "has no effect with insecure_skip_verify, which believes anybody; remove one of them")
	}
	if t.ServerName != "" && (!isHost(t.ServerName)) {
		v.wrong(field+".server_name", "%s is not the name of a host; write one such as api.example.com", quote(t.ServerName))
	}
}
