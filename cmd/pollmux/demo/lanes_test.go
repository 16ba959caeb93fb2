package demo

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
)

// proxied are the lanes behind the proxy.
func proxied() []string { return []string{Poll, Longpoll, Stream, WebSocket} }

func TestTheClientsOfEveryLaneHearOfChanges(t *testing.T) {
	const clients = 3 // so that each kind of stream has one
	r := newRig(t, clients)
	r.set(Setting{Clients: "250ms", Pollmux: "250ms"})
	for _, name := range append(proxied(), Direct) {
		heard := map[int64]int{}
		await.Until(t, "every client of "+name+" hears of changes again and again", func() bool {
			for _, h := range r.lane(name).Hearings {
				heard[h[1]]++
			}
			return len(heard) == clients && min(heard[0], heard[1], heard[2]) > 2
		})
		if l := r.lane(name); l.Failed != 0 || l.Median == nil || *l.Median < 0 || l.Requests == 0 {
			t.Errorf("%+v", l)
		}
	}
}

func TestWithoutPollmuxTheOriginPaysForEveryClientAndWithItOncePerInterval(t *testing.T) {
	for _, clients := range []int{3, 24} {
		t.Run(fmt.Sprint(clients), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, clients)
			r.set(Setting{Clients: "250ms", Pollmux: "250ms"})
			await.Until(t, "each client has polled the origin ten times", func() bool { return r.lane(Direct).Requests >= 10*clients })
			// A poll is never early, so there are at most so many intervals; and
			// one more for each time the setting was new.
			for _, name := range proxied() {
				requests := r.lane(name).Requests
				intervals := int(time.Since(r.begun)/(250*time.Millisecond)) + 2
				if requests > intervals {
					t.Errorf("%s: %d requests in %d intervals, for %d clients", name, requests, intervals, clients)
				}
			}
			if account := r.Account(); account.Without < 40*clients || account.With == 0 {
				t.Errorf("%+v", account)
			}
		})
	}
}

func TestEveryPathOfEveryLaneIsCountedByTheOrigin(t *testing.T) {
	r := newRig(t, 1)
	r.set(Setting{Clients: "10s", Pollmux: "10s"})
	for _, l := range r.origin.lanes {
		for i, interval := range intervals() {
			path := "/lanes/" + l.name + "/" + string(interval) + "/scores"
			before := l.paths[i].Counts().Total
			if resp, body := r.do(http.MethodGet, path+"?x=1", ""); resp.StatusCode != http.StatusOK || !strings.Contains(body, `"changes"`) {
				t.Errorf("%s: %s %s", path, resp.Status, body)
			}
			if l.paths[i].Counts().Total == before {
				t.Errorf("%s is not counted", path)
			}
		}
	}
}

func TestTheSlidersMoveTheClientsAndTheProxy(t *testing.T) {
	const clients = 3
	r := newRig(t, clients)
	held := func(route string) int64 {
		s := r.route(route).Subscribers
		return s.Longpoll + s.SSE + s.NDJSON + s.Multipart + s.WebSocket
	}
	await.Until(t, "all are held on the route of the first setting", func() bool { return held("every 500ms") >= 3*clients-1 })
	r.set(Setting{Pollmux: "250ms"})
	await.Until(t, "all are held on the route of the second", func() bool { return held("every 250ms") >= 3*clients-1 && held("every 500ms") == 0 })
	var told Telemetry
	r.get("/demo/telemetry", &told)
	if want := (Setting{Clients: "2s", Pollmux: "250ms"}); told.Setting != want {
		t.Errorf("the telemetry says %v, want %v", told.Setting, want)
	}
	before := r.origin.lanes[0].paths[0].Counts().Total
	r.set(Setting{Clients: "250ms"})
	await.Until(t, "pollers without the proxy poll on their new path", func() bool { return r.origin.lanes[0].paths[0].Counts().Total >= before+2*clients })
}

func TestTheControlRefusesWhatIsNoSetting(t *testing.T) {
	r := newRig(t, 1)
	for _, test := range []struct {
		body, origin string
		status       int
	}{
		{`{"clients":"3s"}`, "", 422},
		{`{"pollmux":"1h"}`, "", 422},
		{`{"clients":"` + strings.Repeat("9", 100) + `"}`, "", 422},
		{`now`, "", 400},
		{`{"clients":"` + strings.Repeat("9", 2000) + `"}`, "", 400},
		{`{"clients":"1s"}`, "https://elsewhere.example", 403},
	} {
		var fields []string
		if test.origin != "" {
			fields = []string{"Origin", test.origin, "Sec-Fetch-Site", "cross-site"}
		}
		if resp, text := r.do(http.MethodPost, "/demo/control", test.body, fields...); resp.StatusCode != test.status || len(text) > 200 {
			t.Errorf("%.40s: %s %s", test.body, resp.Status, text)
		}
	}
	if got := r.Telemetry().Setting; got != (Setting{Clients: "2s", Pollmux: "500ms"}) {
		t.Errorf("the setting is %v", got)
	}
}
