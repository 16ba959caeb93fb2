package child

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// running is a child that runs in this process.
type running struct {
	t       *testing.T
	address string
	orders  io.WriteCloser
	replies *json.Decoder
	ended   chan error
}

// start runs a child until the test ends.
func start(t *testing.T, kind string, options any) *running {
	t.Helper()
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	stdin, orders := io.Pipe()
	replies, stdout := io.Pipe()
	r := &running{t: t, orders: orders, replies: json.NewDecoder(replies), ended: make(chan error, 1)}
	go func() { // waited for by the cleanup
		r.ended <- Run(kind, string(text), Standard{In: stdin, Out: stdout, Err: t.Output()})
		_ = stdout.Close()
	}()
	t.Cleanup(func() {
		_ = orders.Close()
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
	})
	var hello Hello
	if err := r.replies.Decode(&hello); err != nil {
		t.Fatal(err)
	}
	r.address = hello.Address
	return r
}

// ask tells the child something and reads the answer into value.
func (r *running) ask(order string, value any) (problem string) {
	r.t.Helper()
	if _, err := fmt.Fprintln(r.orders, order); err != nil {
		r.t.Fatal(err)
	}
	reply := Reply{Value: value}
	if err := r.replies.Decode(&reply); err != nil {
		r.t.Fatal(err)
	}
	return reply.Error
}

func (r *running) get(path string) (*http.Response, string) {
	r.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + r.address + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp, string(body)
}

func TestTheOriginCountsWhatItIsAsked(t *testing.T) {
	r := start(t, Origin, OriginOptions{Body: 500, Bulk: 1 << 20, Interval: 1})
	if resp, body := r.get(Fixed); resp.StatusCode != http.StatusOK || len(body) != 500 || !json.Valid([]byte(body)) {
		t.Errorf("%d, %q", resp.StatusCode, body)
	}
	if _, body := r.get(Down); len(body) != 1<<20 {
		t.Errorf("%d bytes", len(body))
	}
	resp, err := http.Post("http://"+r.address+Up, "text/plain", strings.NewReader(strings.Repeat("x", 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if string(body) != "1048576" {
		t.Errorf("%q", body)
	}
	if resp, _ := r.get("/elsewhere"); resp.StatusCode != http.StatusNotFound {
		t.Error(resp.Status)
	}
	var count int
	if problem := r.ask("count", &count); problem != "" || count != 4 {
		t.Error(count, problem)
	}
	if problem := r.ask("dance", nil); problem != `unknown verb "dance"` {
		t.Error(problem)
	}
}

func TestTheLegacyOriginCountsByPath(t *testing.T) {
	r := start(t, Legacy, LegacyOptions{})
	for _, path := range []string{Quick + "a", Quick + "a?_=1", "/b"} {
		if resp, body := r.get(path); resp.StatusCode != http.StatusOK || !strings.Contains(body, `"status":"live"`) {
			t.Errorf("%s: %d, %q", path, resp.StatusCode, body)
		}
	}
	for path, want := range map[string]int{Quick + "a": 2, "/b": 1, "/c": 0} {
		var count int
		if r.ask("count "+path, &count); count != want {
			t.Errorf("%s: %d, not %d", path, count, want)
		}
	}
}

func TestTheBareHandlerSaysLetterByLetterWhatItWasGiven(t *testing.T) {
	given := "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nETag: \"a\"\r\nage: 0\r\n\r\nhello"
	file := filepath.Join(t.TempDir(), "response")
	if err := os.WriteFile(file, []byte(given), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, Bare, BareOptions{Response: file})
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	for _, part := range append(strings.SplitAfter(given, "\r\n"), "Connection: close\r\n") {
		if err != nil || !strings.Contains(string(answer), part) {
			t.Errorf("%q has no %q: %v", answer, part, err)
		}
	}
	if len(answer) != len(given)+len("Connection: close\r\n") {
		t.Errorf("%q", answer)
	}
}

func TestTheLoopWritesToEveryClientWhatItWants(t *testing.T) {
	for _, listens := range []bool{false, true} {
		r := start(t, Loop, LoopOptions{Listen: listens})
		var clients []net.Conn
		for _, size := range []int{20, 5, 300} {
			c, err := net.Dial("tcp", r.address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprintf(c, "%d\n", size)
			clients = append(clients, c)
		}
		for held := int64(0); held < 3; { // admission is in the background
			var s Sample
			r.ask("sample", &s)
			held = s.Held
		}
		var burst Burst
		if problem := r.ask("burst", &burst); problem != "" || burst.Messages != 3 {
			t.Fatal(burst, problem)
		}
		if problem := r.ask("forget", nil); problem != "" {
			t.Fatal(problem)
		}
		for i, want := range []int{20, 5, 300} {
			if got, _ := io.ReadAll(clients[i]); len(got) != want {
				t.Errorf("%q, not %d bytes", got, want)
			}
		}
	}
}

func TestTheProxyServesByItsFileAndWritesAProfile(t *testing.T) {
	origin := start(t, Origin, OriginOptions{Body: 100})
	dir := t.TempDir()
	file, profile := filepath.Join(dir, "pollmux.yaml"), filepath.Join(dir, "cpu")
	text := fmt.Sprintf("upstreams: {o: {servers: [\"http://%s\"]}}\nroutes: [{path: /**, upstream: o}]\n", origin.address)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, Proxy, ProxyOptions{Config: file})
	if problem := r.ask("profile "+profile, nil); problem != "" {
		t.Error(problem)
	}
	if resp, body := r.get(Fixed); resp.StatusCode != http.StatusOK || len(body) != 100 || resp.Header.Get("Cache-Status") == "" {
		t.Errorf("%d, %v, %q", resp.StatusCode, resp.Header, body)
	}
	if problem := r.ask("profiled", nil); problem != "" {
		t.Error(problem)
	}
	if info, err := os.Stat(profile); err != nil || info.Size() == 0 {
		t.Error(info, err)
	}
	var s Sample
	if problem := r.ask("settle", &s); problem != "" || s.Goroutines < 2 || s.InUse < 1<<16 || s.Held != 0 {
		t.Error(s, problem)
	}
}

func TestTheRelayPassesBodiesBothWaysAsTheyCome(t *testing.T) {
	origin := start(t, Origin, OriginOptions{Body: 100, Bulk: 1 << 20})
	r := start(t, Relay, RelayOptions{Origin: origin.address})
	if resp, body := r.get(Down); resp.StatusCode != http.StatusOK || len(body) != 1<<20 || resp.ContentLength != 1<<20 {
		t.Errorf("%d, %d bytes", resp.StatusCode, len(body))
	}
	resp, err := http.Post("http://"+r.address+Up, "text/plain", strings.NewReader(strings.Repeat("x", 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if string(body) != "1048576" {
		t.Errorf("%q", body)
	}
}

func TestAStreamSaysALineAndIsHeldUntilTheServerEnds(t *testing.T) {
	r := start(t, Stream, struct{}{})
	resp, err := http.Get("http://" + r.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	if line, err := lines.ReadString('\n'); line != "{}\n" || resp.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%q, %v", line, err)
	}
	var s Sample
	if r.ask("sample", &s); s.Held != 1 {
		t.Errorf("%+v", s)
	}
	_ = r.orders.Close()
	if rest, err := io.ReadAll(lines); err != nil || len(rest) != 0 {
		t.Errorf("%q, %v", rest, err)
	}
}

func TestAChildThatThereIsNotOrThatCannotStartSaysSo(t *testing.T) {
	s := Standard{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}
	if err := Run("nurse", "{}", s); !errors.Is(err, ErrKind) {
		t.Error(err)
	}
	if err := Run(Origin, "{", s); err == nil || !strings.Contains(err.Error(), "options") {
		t.Error(err)
	}
	for _, kind := range []string{Proxy, Bare} {
		if err := Run(kind, `{"config":"/nowhere","response":"/nowhere"}`, s); !errors.Is(err, os.ErrNotExist) {
			t.Error(kind, err)
		}
	}
}

func TestAChildPrintsALineOfJSONPerOrder(t *testing.T) {
	var out strings.Builder
	err := Run(Origin, "{}", Standard{In: strings.NewReader("count\nfreeze\nresume\n"), Out: &out, Err: io.Discard})
	lines := bufio.NewScanner(strings.NewReader(out.String()))
	var got []string
	for lines.Scan() {
		got = append(got, lines.Text())
	}
	if err != nil || len(got) != 4 || !strings.HasPrefix(got[0], `{"address":"127.0.0.1:`) || strings.Join(got[1:], "") != `{"value":0}{"value":1}{}` {
		t.Errorf("%q, %v", got, err)
	}
}
