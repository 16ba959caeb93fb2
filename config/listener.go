package config

import (
	"reflect"

	"gopkg.in/yaml.v3"
)

// Listener is where clients connect. A file may write the address alone.
type Listener struct {
	// Address is host:port. Port 0 is any free one.
	Address string `yaml:"address"`

	// TLS, when set, is used in place of Config.TLS.
	TLS KeyPairs `yaml:"tls"`
}

// Listeners is a list that may be written as its only entry.
type Listeners []Listener

// ListenOn returns listeners with nothing but an address.
func ListenOn(addresses ...string) Listeners {
	all := make(Listeners, len(addresses))
	for i, address := range addresses {
		all[i].Address = address
	}
	return all
}

// KeyPair is a certificate with its private key, as files in PEM. Relative paths
// start from the directory that the process runs in.
type KeyPair struct {
	Cert string `yaml:"cert"` // the certificate, and behind it those that lead to its root
	Key  string `yaml:"key"`  // not encrypted
}

// KeyPairs is a list that may be written as its only entry. The first one that is
// good for the name that a client asks for is used, and the first one where none
// is; an empty list is no TLS.
type KeyPairs []KeyPair

// TLSOf returns the certificates that a listener of this configuration uses.
func (c *Config) TLSOf(l Listener) KeyPairs {
	if len(l.TLS) > 0 {
		return l.TLS
	}
	return c.TLS
}

// mayStandAlone reports whether a node stands for a list with itself as its only
// entry.
func mayStandAlone(n *yaml.Node, list reflect.Type) bool {
	switch list {
	case reflect.TypeFor[Listeners]():
		return n.Kind != yaml.SequenceNode
	case reflect.TypeFor[KeyPairs]():
		return n.Kind == yaml.MappingNode
	}
	return false
}

// listener decodes an address, or a mapping that has one.
func (d *decoder) listener(field string, n *yaml.Node, l *Listener) {
	if n.Kind == yaml.ScalarNode {
		d.value(field, n, reflect.ValueOf(&l.Address).Elem())
		return
	}
	d.structure(field, n, reflect.ValueOf(l).Elem())
	if n.Kind == yaml.MappingNode && !hasKey(n, "address") {
		d.lines[child(field, "address")] = n.Line
		d.fault(child(field, "address"), "is missing; write host:port, such as 127.0.0.1:8443")
	}
}
