package child

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/audience"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

const steppedSize = 300

// stepped is pollmux in front of /step.
func stepped(t *testing.T) (origin, proxy *running) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip(audience.ErrSystem)
	}
	origin = start(t, Origin, OriginOptions{Body: steppedSize})
	file := filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf("upstreams: {origin: {servers: [\"http://%s\"]}}\nroutes:\n  - {path: /**, upstream: origin, interval: 20ms}\n", origin.address)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return origin, start(t, Proxy, ProxyOptions{Config: file})
}

// good asks an audience for a state that must be good.
func (r *running) good(order string) (s audience.State) {
	r.t.Helper()
	if problem := r.ask(order, &s); problem != "" || s.Err() != nil {
		r.t.Fatal(order, problem, s.Err())
	}
	return s
}

func TestAnAudienceHearsEveryVersionByEachTransport(t *testing.T) {
	for _, k := range load.Kinds() {
		t.Run(string(k), func(t *testing.T) {
			origin, proxy := stepped(t)
			crowd := start(t, Audience, audience.Options{Address: proxy.address, Kind: k, Target: Step, Feeds: 3, Size: steppedSize})
			if s := crowd.good("join 20"); s.Held != 20 {
				t.Fatal(s)
			}
			crowd.good("await 1")
			crowd.ask("begin", nil)
			for want := int64(2); want <= 4; want++ {
				var version int64
				if origin.ask("step", &version); version != want {
					t.Fatal(version)
				}
				crowd.good(fmt.Sprintf("await %d", version))
			}
			var l audience.Lap
			if problem := crowd.ask("lap", &l); problem != "" || l.Deliveries != 60 || l.Skipped != 0 || len(l.Last) != 3 || l.Bytes < 60*steppedSize || l.P50[2] <= 0 || l.P99[2] < l.P50[2] || l.Last[2] < l.P99[2] {
				t.Errorf("%+v, %s", l, problem)
			}
		})
	}
}

func TestAnAudienceThatIsSentAwayTellsIt(t *testing.T) {
	_, proxy := stepped(t)
	crowd := start(t, Audience, audience.Options{Address: proxy.address, Kind: load.SSE, Target: "/nowhere", Size: steppedSize})
	var s audience.State
	if problem := crowd.ask("join 3", &s); problem != "" || s.Dropped != 3 || s.First == "" || s.Err() == nil {
		t.Errorf("%+v, %s", s, problem)
	}
}

func TestAnAudienceTellsARepeatedVersionAndATornOne(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip(audience.ErrSystem)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	crowd := start(t, Audience, audience.Options{Address: l.Addr().String(), Size: steppedSize, Wire: steppedSize})
	if s := crowd.good("join 1"); s.Held != 1 {
		t.Fatal(s)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	good := Published(2, time.Now(), steppedSize)
	torn := append(append([]byte{}, Published(3, time.Now(), steppedSize)[:steppedSize-1]...), 'x')
	for _, b := range [][]byte{good, good, torn, Published(4, time.Now(), steppedSize)} {
		_, _ = c.Write(b)
	}
	var s audience.State
	if problem := crowd.ask("await 4", &s); problem != "" || s.Strange != 2 || s.Err() == nil {
		t.Errorf("%+v, %s", s, problem)
	}
}

func TestClientsComeAndGoAndNobodyIsLeft(t *testing.T) {
	_, proxy := stepped(t)
	crowd := start(t, Audience, audience.Options{Address: proxy.address, Kind: load.WebSocket, Target: Step, Size: steppedSize})
	if problem := crowd.ask("churn 100 500", nil); problem != "" {
		t.Fatal(problem)
	}
	for s := crowd.good("state"); s.Churning || s.Came < 40; s = crowd.good("state") {
		runtime.Gosched()
	}
	for now := (Sample{Held: 1}); now.Held > 0; { // it hears of it when it does
		proxy.ask("sample", &now)
	}
	if s := crowd.good("state"); s.Held != 0 {
		t.Error(s)
	}
}

func TestAVerbWithANumberRefusesAnythingElse(t *testing.T) {
	_, proxy := stepped(t)
	crowd := start(t, Audience, audience.Options{Address: proxy.address, Kind: load.SSE, Target: Step, Size: steppedSize})
	for _, order := range []string{"join", "await soon", "churn 5", "resume now"} {
		if problem := crowd.ask(order, nil); problem == "" {
			t.Error(order)
		}
	}
	if problem := crowd.ask("begin", nil); problem != "" {
		t.Error(problem)
	}
}

func TestStepsSayWhenTheyWereAskedForFirst(t *testing.T) {
	s := newSteps(LeastBody)
	at := time.Unix(1000, 0)
	first := s.answer("/a", at)
	again := s.answer("/a", at.Add(time.Second))
	other := s.answer("/b", at.Add(2*time.Second))
	s.step()
	next := s.answer("/a", at.Add(3*time.Second))
	for i, want := range []Snapshot{{Version: 1, Asked: 1000e9}, {Version: 1, Asked: 1000e9}, {Version: 1, Asked: 1002e9}, {Version: 2, Asked: 1003e9}} {
		body := [][]byte{first, again, other, next}[i]
		got, ok := ParseSnapshot(body)
		if !ok || got.Version != want.Version || got.Asked != want.Asked || len(body) != LeastBody || !json.Valid(body) {
			t.Errorf("%s, not %+v", body, want)
		}
	}
}
