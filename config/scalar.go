package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// quoted are the styles in which a scalar is text whatever it looks like.
const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// scalar decodes one value: set takes its text, with variables expanded.
func (d *decoder) scalar(field string, n *yaml.Node, v reflect.Value, set func(string) error) {
	if n.Kind != yaml.ScalarNode {
		d.fault(field, "%s", mismatch(n, v))
		return
	}
	text, faults := expand(n.Value, d.env)
	for _, fault := range faults {
		d.fault(field, "%s", fault)
	}
	// Inside of {} and [], a variable can only be written in quotes: they say
	// nothing about what it stands for.
	bare := n.Style&quoted == 0 || isBare(v) && text != n.Value
	switch {
	case len(faults) > 0:
	case !bare && isBare(v):
		d.fault(field, "%s is text because of its quotes; write %s without them", quote(text), wanted(v))
	case bare && isNull(&yaml.Node{Kind: yaml.ScalarNode, Value: text}) && (text != "" || v.Kind() != reflect.String):
		d.fault(field, "has no value once its variables are expanded; set them, or remove the line")
	default:
		if err := set(text); err != nil {
			d.fault(field, "%s", err)
		}
	}
}

// setter returns what parses a text into v, or nil when v is no scalar.
func setter(v reflect.Value) func(string) error {
	switch p := v.Addr().Interface().(type) {
	case *bool:
		return into(p, parseBool)
	case *int:
		return into(p, parseInt)
	case *float64:
		return into(p, parseNumber)
	case *time.Duration:
		return into(p, parseDuration)
	case *Size:
		return into(p, parseSize)
	case *Rate:
		return into(p, parseRate)
	case *Pattern:
		return into(p, ParsePattern)
	case *netip.Prefix:
		return into(p, parsePrefix)
	case **url.URL:
		return into(p, parseServer)
	}
	if v.Kind() == reflect.String { // enumerations are checked by validate
		return func(s string) error { v.SetString(s); return nil }
	}
	return nil
}

func into[T any](p *T, parse func(string) (T, error)) func(string) error {
	return func(s string) error {
		value, err := parse(s)
		if err == nil {
			*p = value
		}
		return err
	}
}

// isBare reports whether v holds what YAML writes without quotes.
func isBare(v reflect.Value) bool {
	return v.Kind() == reflect.Bool || v.Type() == reflect.TypeFor[int]() || v.Type() == reflect.TypeFor[float64]()
}

func parseBool(s string) (bool, error) {
	switch s {
	case "true", "True", "TRUE":
		return true, nil
	case "false", "False", "FALSE":
		return false, nil
	}
	return false, fmt.Errorf("%s is neither true nor false; write one of them", quote(s))
}

// parseInt takes decimal numbers only: a leading zero means octal to some
// readers of YAML, and nothing to others.
func parseInt(s string) (int, error) {
	n, err := strconv.Atoi(strings.ReplaceAll(s, "_", ""))
	if err != nil || strings.HasPrefix(strings.TrimLeft(s, "+-"), "0") && s != "0" {
		return 0, fmt.Errorf("%s is not a whole number; write one such as 1000", quote(s))
	}
	return n, nil
}

func parseNumber(s string) (float64, error) {
	n, err := parseDecimal(strings.ReplaceAll(s, "_", ""))
	if err != nil {
		return 0, fmt.Errorf("%s is not a number; write one such as 2 or 0.5", quote(s))
	}
	return n, nil
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil {
		return d, nil
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return 0, fmt.Errorf("%s has no unit; write %ss, or another duration such as 500ms or 1m30s", quote(s), s)
	}
	return 0, fmt.Errorf("%s is not a duration; write one such as 500ms, 2s, 1m30s or 1h", quote(s))
}

func parsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return p, fmt.Errorf("%s is not a network; write one such as 10.0.0.0/8, or one address", quote(s))
	case p.Addr().Is4In6():
		return p, fmt.Errorf("%s maps IPv4 into IPv6; write the IPv4 network, such as 10.0.0.0/8", quote(s))
	case p.Masked() != p:
		return p, fmt.Errorf("%s has bits behind its prefix length; write %v", quote(s), p.Masked())
	}
	return p, nil
}

// parseServer reads a URL. It does not quote what it cannot read: there may be
// a password in it.
func parseServer(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("is not a URL; write http://host:port or https://host")
	}
	if u.Path == "/" {
		u.Path = ""
	}
	return u, nil
}
