package explain

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/pollmux/pollmux/proxy/head"
)

// Question is the request that is asked about.
type Question struct {
	Method string   // GET if it is ""
	URL    string   // http://host/path?query, or a path
	Header []string // "Name: value"

	// From is the client's address, which matters where trusted_proxies does; an
	// invalid one is nobody's.
	From netip.Addr

	// Live is whether to look at the feeds that there are.
	Live bool
}

// noHost is the host of a URL that is a path only.
const noHost = "localhost"

// Raw is the head of the request as a client would send it, in whose name the
// question is. Its errors say what to write, and repeat no value.
func (q *Question) Raw() ([]byte, error) {
	host, target, err := q.split()
	if err != nil {
		return nil, err
	}
	method := q.method()
	if !head.IsToken(method) {
		return nil, fmt.Errorf("%q is no method; write GET, HEAD or POST", method)
	}
	raw := []byte(method + " " + target + " HTTP/1.1\r\n")
	for _, line := range q.Header {
		name, value, found := strings.Cut(line, ":")
		if !found || !head.IsToken(name) {
			return nil, errors.New("a header is not written as \"Name: value\"")
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return nil, fmt.Errorf("the value of %s has a control character, which no header can have", name)
		}
		if strings.EqualFold(name, "Host") {
			host = "" // that one counts
		}
		raw = append(append(raw, name+": "+strings.Trim(value, " \t")...), "\r\n"...)
	}
	if host != "" {
		raw = append(raw, "Host: "+host+"\r\n"...)
	}
	return append(raw, "\r\n"...), nil
}

func (q *Question) method() string {
	if q.Method == "" {
		return "GET"
	}
	return q.Method
}

// split takes a URL apart, byte for byte: what a parser would repair is what is asked
// about.
func (q *Question) split() (host, target string, err error) {
	url, _, _ := strings.Cut(q.URL, "#")
	switch scheme, rest, absolute := strings.Cut(url, "://"); {
	case strings.ContainsFunc(url, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "", "", errors.New("the URL has a space or a control character; write it percent-encoded")
	case strings.HasPrefix(url, "/"), url == "*":
		return noHost, url, nil
	case !absolute || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https"):
		return "", "", errors.New("the URL is neither a path such as /api/scores nor one such as http://api.example.com/api/scores")
	default:
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		host, target = rest[:end], rest[end:]
	}
	switch {
	case strings.Contains(host, "@"):
		return "", "", errors.New("the URL has a user name; give credentials as -H 'Authorization: …'")
	case host == "":
		return "", "", errors.New("the URL has no host")
	case !strings.HasPrefix(target, "/"):
		target = "/" + target
	}
	return host, target, nil
}
