package accesslog

import (
	"fmt"
	"strings"
)

// nginxFields are the variables of nginx that say something here, and a few names
// of our own for what other servers write.
var nginxFields = map[string]field{
	"remote_addr": addr, "realip_remote_addr": skip, "client_port": addrPort,
	"http_x_forwarded_for": forwarded, "http_x_real_ip": forwarded, "proxy_add_x_forwarded_for": forwarded,
	"remote_user": user, "request": requestLine, "request_method": verb, "request_uri": target, "uri": path, "document_uri": path,
	"args": query, "query_string": query, "status": status, "body_bytes_sent": size, "bytes_sent": size,
	"http_user_agent": agent, "host": host, "http_host": host,
	"time_local": clock, "time_iso8601": clock, "msec": clock, "start_time": began,
	"request_time": seconds, "took_millis": millis, "timers": timers,
}

// parseNginx compiles what stands in nginx's log_format: the text alone, or the
// whole directive with its name and its parts in quotes.
func parseNginx(text string) (*layout, error) {
	text, err := unquoteNginx(text)
	if err != nil {
		return nil, err
	}
	var pieces []piece
	for text != "" {
		i := strings.IndexByte(text, '$')
		if i < 0 {
			i = len(text)
		}
		if i > 0 {
			pieces = append(pieces, piece{literal: text[:i]})
			text = text[i:]
			continue
		}
		name, rest := nginxName(text[1:])
		if name == "" {
			return nil, fmt.Errorf("$ without a name: write variables as $remote_addr or ${remote_addr}")
		}
		pieces = append(pieces, piece{name: "$" + name, field: nginxFields[name]})
		text = rest
	}
	return newLayout(pieces)
}

// nginxName takes the name of a variable off a text.
func nginxName(text string) (name, rest string) {
	if inner, ok := strings.CutPrefix(text, "{"); ok {
		name, rest, ok = strings.Cut(inner, "}")
		if !ok {
			return "", text
		}
		return name, rest
	}
	i := 0
	for i < len(text) && (text[i] == '_' || text[i] >= '0' && text[i] <= '9' || text[i] >= 'a' && text[i] <= 'z' || text[i] >= 'A' && text[i] <= 'Z') {
		i++
	}
	return text[:i], text[i:]
}

// unquoteNginx takes a log_format directive out of a configuration, if it is one.
func unquoteNginx(text string) (string, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "log_format")
	if !ok || rest == "" || !strings.ContainsAny(rest[:1], " \t\r\n") {
		return text, nil
	}
	words, err := nginxWords(rest)
	if err != nil {
		return "", err
	}
	if len(words) > 0 {
		words = words[1:] // the name
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "escape=") {
		words = words[1:]
	}
	if len(words) == 0 {
		return "", fmt.Errorf("log_format without a format: write log_format NAME '$remote_addr …';")
	}
	return strings.Join(words, ""), nil
}

// nginxWords splits a directive as nginx does, up to its semicolon.
func nginxWords(text string) (words []string, err error) {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if text == "" || text[0] == ';' {
			return words, nil
		}
		var word string
		if quote := text[0]; quote == '\'' || quote == '"' {
			if word, text, err = quotedWord(text[1:], quote); err != nil {
				return nil, err
			}
		} else {
			i := strings.IndexAny(text, " \t\r\n;")
			if i < 0 {
				i = len(text)
			}
			word, text = text[:i], text[i:]
		}
		words = append(words, word)
	}
}

func quotedWord(text string, quote byte) (word, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			return b.String(), text[i+1:], nil
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteString(unescaped(text[i]))
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("a quotation mark %c has no other", quote)
}

// unescaped is what a backslash and c are in nginx's configuration.
func unescaped(c byte) string {
	switch c {
	case 't':
		return "\t"
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case '"', '\'', '\\':
		return string(c)
	}
	return `\` + string(c)
}
