package accesslog

import (
	"bytes"
	"fmt"
	"strings"
)

// Format says how lines are read. It is immutable.
type Format struct {
	name   string
	layout *layout // nil: JSON
}

// The formats that have a name, as nginx would write them. In text, the longer one
// of two that begin alike comes first.
var named = []struct{ name, text string }{
	{"envoy", `[$start_time] "$request" $status $flags $details $termination "$failure" $bytes_received $bytes_sent $took_millis $service_time "$http_x_forwarded_for" "$http_user_agent" "$request_id" "$host" "$upstream"`},
	{"envoy", `[$start_time] "$request" $status $flags $bytes_received $bytes_sent $took_millis $service_time "$http_x_forwarded_for" "$http_user_agent" "$request_id" "$host" "$upstream"`},
	{"haproxy", `$client_port [$start_time] $frontend $backend $timers $status $bytes_sent $cookie $set_cookie $termination $connections $queues $captures"$request"`},
	{"haproxy", `$client_port [$start_time] $frontend $backend $timers $status $bytes_sent $cookie $set_cookie $termination $connections $queues "$request"`},
	{"traefik", `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $count "$router" "$server" ${took_millis}ms`},
	{"combined", `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"`},
	{"combined", `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`},
	{"combined", `$remote_addr $ident $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`},
	{"combined", `$virtual_host $remote_addr $ident $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`},
	{"common", `$remote_addr $ident $remote_user [$time_local] "$request" $status $body_bytes_sent`},
}

// Names lists the formats that [ParseFormat] knows, for people.
const Names = "auto, common, combined, json, haproxy, envoy, caddy, traefik, nginx:'$remote_addr …' or apache:'%h …'"

// ParseFormat returns the formats that a name stands for, of which each file has
// one; none for "auto" or "". A server's name stands for its text and for JSON. The
// error says what is wrong, and what is allowed.
func ParseFormat(text string) ([]*Format, error) {
	name, rest, own := strings.Cut(text, ":")
	switch {
	case text == "" || text == "auto":
		return nil, nil
	case own && (name == "nginx" || name == "apache"):
		return parseOwn(name, rest)
	case text == "json" || text == "caddy":
		return []*Format{{name: "json"}}, nil
	case text == "nginx" || text == "apache":
		return formatsOf("combined", "common", "json"), nil
	case text == "envoy" || text == "traefik":
		return formatsOf(text, "combined", "json"), nil
	}
	if found := formatsOf(text); len(found) > 0 {
		return found, nil
	}
	return nil, fmt.Errorf("%q is none: choose %s", text, Names)
}

func parseOwn(server, text string) ([]*Format, error) {
	parse := parseNginx
	if server == "apache" {
		parse = parseApache
	}
	l, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("the log format of %s: %w", server, err)
	}
	return []*Format{{name: server, layout: l}}, nil
}

// formatsOf lists formats by name, in the order of names.
func formatsOf(names ...string) (found []*Format) {
	for _, name := range names {
		if name == "json" {
			found = append(found, &Format{name: "json"})
		}
		for _, n := range named {
			if n.name == name {
				l, err := parseNginx(n.text)
				if err != nil {
					panic(err) // a constant
				}
				l.adapt(name)
				found = append(found, &Format{name: name, layout: l})
			}
		}
	}
	return found
}

// adapt sets what nginx's words cannot say.
func (l *layout) adapt(server string) {
	l.syslog = server == "haproxy"
	for i := range l.steps {
		// Envoy and Traefik know when a request came, and so does HAProxy.
		if s := &l.steps[i]; s.field == clock && server == "traefik" {
			s.field = began
		}
	}
}

// allFormats are tried on a file of which nobody says what it is.
func allFormats() []*Format {
	return formatsOf("json", "envoy", "haproxy", "traefik", "combined", "common")
}

// Name is what the format is called.
func (f *Format) Name() string { return f.name }

// detectLines is how many lines decide on a format, or if all of them are broken, so
// many.
const (
	detectLines   = 100
	detectFurther = 3000
)

// detect finds the format that reads most of the first lines, the first of those
// that read as many, and nil if none reads any.
func detect(formats []*Format, head []byte) *Format {
	for _, lines := range []int{detectLines, detectFurther} {
		var best *Format
		most := 0
		for _, f := range formats {
			if n := f.reads(head, lines); n > most {
				best, most = f, n
			}
		}
		if best != nil {
			return best
		}
	}
	return nil
}

// reads counts which of the first lines are of this format.
func (f *Format) reads(head []byte, lines int) (n int) {
	r := f.NewReader()
	var e Entry
	for range lines {
		line, rest, _ := bytes.Cut(head, []byte{'\n'})
		if len(line) > 0 && r.Read(line, &e) {
			n++
		}
		if head = rest; len(head) == 0 {
			break
		}
	}
	return n
}

// Reader reads lines of one format. It belongs to one goroutine.
type Reader struct {
	layout *layout
	json   *jsonLines
	dates  calendar
}

// NewReader returns a reader of this format.
func (f *Format) NewReader() *Reader {
	r := &Reader{layout: f.layout}
	if f.layout == nil {
		r.json = newJSONLines()
	}
	return r
}

// Read reads a line without its end. It reports whether the line is a request. What
// e refers to is good until the next line.
func (r *Reader) Read(line []byte, e *Entry) bool {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	e.reset()
	if r.json != nil {
		return r.json.parse(line, e, &r.dates)
	}
	return r.layout.parse(line, e, &r.dates)
}
