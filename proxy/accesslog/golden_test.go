package accesslog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ownFormats are of those logs in testdata whose servers were told what to write.
var ownFormats = map[string]string{
	"nginx-own":  "nginx:log_format own '$msec|$request_time|$remote_addr|'\n'$request_method $request_uri|$status|$bytes_sent|${http_user_agent}';",
	"apache-own": `apache:LogFormat "%{msec}t %D %a \"%m %U%q %H\" %>s %B \"%{User-agent}i\"" own`,
}

// The logs in testdata were written by nginx 1.22, Apache 2.4, HAProxy 2.6 and Caddy
// 2.6; those of Envoy and Traefik are as their documentation has them.
func TestLogsOfRealServersAreRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "accesslog", "*.log"))
	if err != nil || len(files) < 15 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".log")
		formats, err := ParseFormat(ownFormats[name])
		if err != nil {
			t.Fatal(name, err)
		}
		if len(formats) == 0 {
			formats = allFormats()
		}
		got := describe(detect(formats, text), text)
		golden := strings.TrimSuffix(file, ".log") + ".txt"
		if os.Getenv("POLLMUX_UPDATE") != "" {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || string(want) != got {
			t.Errorf("%s, %v:\n%s", name, err, got)
		}
	}
}

// describe tells what is read of each line.
func describe(f *Format, text []byte) string {
	if f == nil {
		return "no format\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", f.Name())
	r := f.NewReader()
	for line := range bytes.Lines(text) {
		var e Entry
		if !r.Read(bytes.TrimSuffix(line, []byte("\n")), &e) {
			fmt.Fprintf(&b, "broken\n")
			continue
		}
		when := map[bool]string{true: "began", false: "ended"}[e.AtStart]
		fmt.Fprintf(&b, "%s %s took %v: %s user=%q %s %s %s -> %d, %d bytes, %q\n", when, time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano), time.Duration(e.Took),
			e.Addr, e.User, e.Host, e.Method, e.Target, e.Status, e.Bytes, e.Agent)
	}
	return b.String()
}
