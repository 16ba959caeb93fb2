package accesslog

import (
	"bytes"

	"github.com/valyala/fastjson"
)

// jsonFields are the names that servers, and people who configure them, give to
// what a line says. Names of an inner object have its name in front.
var jsonFields = map[string]field{
	"time_iso8601": clock, "time_local": clock, "msec": clock, "time": clock, "timestamp": clock, "@timestamp": clock, "ts": clock, "datetime": clock, "date": clock,
	"StartUTC": began, "StartLocal": skip, "start_time": began,
	"remote_addr": addr, "remote_ip": addr, "client_ip": addr, "clientip": addr, "client": addr, "client_addr": addr, "ip": addr, "remoteAddr": addr, "remoteIp": addr,
	"ClientHost": addr, "request.remote_ip": addr, "request.client_ip": forwarded, "downstream_remote_address": addrPort, "request.remote_addr": addrPort,
	"http_x_forwarded_for": forwarded, "x_forwarded_for": forwarded, "x-forwarded-for": forwarded, "X-Forwarded-For": forwarded, "request_X-Forwarded-For": forwarded,
	"remote_user": user, "user": user, "user_id": user, "ClientUsername": user,
	"request": requestLine, "request_method": verb, "method": verb, "RequestMethod": verb, "request.method": verb, "requestMethod": verb, "verb": verb, "http_method": verb,
	"request_uri": target, "RequestPath": target, "request.uri": target, "path": path, "uri": path, "url": path, "requestUrl": path, "request_path": path,
	"args": query, "query": query, "query_string": query,
	"status": status, "status_code": status, "response_code": status, "DownstreamStatus": status, "response": status, "http_status": status,
	"body_bytes_sent": size, "bytes_sent": size, "size": size, "DownstreamContentSize": size, "bytes": size,
	"http_user_agent": agent, "user_agent": agent, "agent": agent, "userAgent": agent, "user-agent": agent, "request_User-Agent": agent, "request.headers.User-Agent": agent,
	"host": host, "http_host": host, "RequestHost": host, "authority": host, "request.host": host,
	"request_time": seconds, "Duration": nanos, "duration": duration, "duration_ms": millis, "response_time_ms": millis, "upstream_service_time": skip,
}

// jsonLines reads one object per line. It belongs to one parser.
type jsonLines struct {
	parser fastjson.Parser
	top    func(key []byte, v *fastjson.Value) // look, once and for all
	entry  *Entry
	dates  *calendar
	prefix []byte // names of the objects that look is in
	took   *fastjson.Value
	inner  bool // there is an object "request", as Caddy writes it
	bad    bool
	digits []byte // numbers of this line, as text
}

func newJSONLines() *jsonLines {
	j := &jsonLines{}
	j.top = j.look
	return j
}

// parse reads a line. It reports whether the line is a request.
func (j *jsonLines) parse(line []byte, e *Entry, c *calendar) bool {
	v, err := j.parser.ParseBytes(line)
	if err != nil || v.Type() != fastjson.TypeObject {
		return false
	}
	j.entry, j.dates, j.prefix, j.took, j.inner, j.bad, j.digits = e, c, j.prefix[:0], nil, false, false, j.digits[:0]
	v.GetObject().Visit(j.top)
	j.putDuration()
	return !j.bad && e.finish()
}

// look takes in one member of an object.
func (j *jsonLines) look(key []byte, v *fastjson.Value) {
	before := len(j.prefix)
	j.prefix = append(j.prefix, key...)
	defer func() { j.prefix = j.prefix[:before] }()
	if v.Type() == fastjson.TypeArray {
		if v = v.Get("0"); v == nil {
			return // a header without a value
		}
	}
	if v.Type() == fastjson.TypeObject {
		if string(j.prefix) == "request" || string(j.prefix) == "request.headers" {
			j.inner = true
			j.prefix = append(j.prefix, '.')
			v.GetObject().Visit(j.top)
		}
		return
	}
	f := jsonFields[string(j.prefix)]
	if f == clock && j.entry.AtStart {
		return // a log that says when a request came has another date for the line
	}
	if f == duration {
		j.took = v
	} else if f != skip && !j.entry.put(f, j.text(v), j.dates) {
		j.bad = true
	}
}

// putDuration reads a "duration": Caddy's is in seconds, Envoy's in milliseconds.
func (j *jsonLines) putDuration() {
	if j.took == nil {
		return
	}
	v := j.text(j.took)
	if j.inner || bytes.IndexByte(v, '.') >= 0 {
		j.entry.took(v, 1e9)
	} else {
		j.entry.took(v, 1e6)
	}
}

// text is a value as a line of text would have it; nil for null and the like.
func (j *jsonLines) text(v *fastjson.Value) []byte {
	switch v.Type() {
	case fastjson.TypeString:
		return v.GetStringBytes()
	case fastjson.TypeNumber:
		start := len(j.digits)
		j.digits = v.MarshalTo(j.digits)
		return j.digits[start:]
	}
	return nil
}
