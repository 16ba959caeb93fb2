package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/collector"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// What is told of requests is told before the process ends: of those that are over,
// and of who is held until then.
func TestWhatIsLoggedAndTracedIsThereWhenServeEnds(t *testing.T) {
	origin := legacy.NewFaulty(legacy.Answer{Body: []byte("hello")}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	c := collector.New(t)
	file, access := filepath.Join(t.TempDir(), "pollmux.yaml"), filepath.Join(t.TempDir(), "access.log")
	write(t, file, fmt.Sprintf("listen: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0}\nlog: {access: {sample: 1, output: %q}}\n"+
		"tracing: {otlp: {endpoint: %q}, sample: 1}\nupstreams: {api: {servers: [%q]}}\nroutes: [{path: /**, upstream: api}]\n", access, c.URL, origin.URL()))
	p := start(t, "--config", file)
	if status, _ := fetch(t, "http://"+p.serve+"/poll"); status != 200 {
		t.Errorf("%d", status)
	}
	held := make(chan struct{})
	go func() { // ended by the drain
		defer close(held)
		fetch(t, "http://"+p.serve+"/held", "Accept", "text/event-stream")
	}()
	await.Until(t, "one is held", func() bool {
		_, body := fetch(t, "http://"+p.admin+"/metrics")
		return strings.Contains(body, `pollmux_subscribers{route="/**",transport="sse"} 1`)
	})
	if code := p.end(); code != 0 {
		t.Errorf("exit %d", code)
	}
	<-held
	text, err := os.ReadFile(access)
	if err != nil || !strings.Contains(string(text), "path=/poll ") || !strings.Contains(string(text), "path=/held ") || strings.Count(string(text), "\n") != 2 {
		t.Errorf("%v\n%s", err, text)
	}
	paths := map[string]int{}
	for _, s := range c.Spans() {
		paths[s.Name+" "+s.Attributes["url.path"]]++
	}
	for _, want := range []string{"GET /** /poll", "GET /** /held", "poll GET /poll"} {
		if paths[want] != 1 {
			t.Errorf("%s: %v", want, paths)
		}
	}
	if strings.Contains(p.log.String(), "msg=request") {
		t.Errorf("the log has requests:\n%s", p.log.String())
	}
}
