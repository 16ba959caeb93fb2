package config

// tls checks that certificates are named. Whether their files are good is for who
// reads them to say: see Locate.
func (v *validator) tls() {
	v.keyPairs("tls", v.config.TLS)
	own := 0
	for i, l := range v.config.Listen {
		v.keyPairs(child(v.entry("listen", i), "tls"), l.TLS)
		if len(l.TLS) > 0 {
			own++
		}
	}
	if len(v.config.TLS) > 0 && own > 0 && own == len(v.config.Listen) && v.sound("listen") {
		v.wrong("tls", "has no effect: each entry of listen has tls of its own; remove one or the other")
	}
}

func (v *validator) keyPairs(field string, pairs KeyPairs) {
	for i, p := range pairs {
		at := v.entry(field, i)
		if p.Cert == "" {
			v.wrong(child(at, "cert"), "is missing; name the file of the certificate (PEM), with those behind it that lead to its root")
		}
		if p.Key == "" {
			v.wrong(child(at, "key"), "is missing; name the file of the private key (PEM, not encrypted)")
		}
	}
}

// addressOf returns the path of the address of a listener, which may be the
// listener itself.
func (v *validator) addressOf(i int) string {
	field := v.entry("listen", i)
	if _, own := v.lines[child(field, "address")]; own {
		return child(field, "address")
	}
	return field
}
