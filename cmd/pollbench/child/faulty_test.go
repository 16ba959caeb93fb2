package child

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// send sends a request to the origin that breaks, on a connection of its own.
func (r *running) send(method, path, body string, header http.Header) (*http.Response, string, error) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.address+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if header != nil {
		request.Header = header
	}
	if body == "" {
		request.Body = nil
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp, string(text), err
}

func TestAResourceTestifiesToWhoAskedForWhat(t *testing.T) {
	r := start(t, Faulty, FaultyOptions{Change: time.Hour, Spell: time.Hour})
	resp, body, err := r.send("GET", "/a/b?c=d", "", http.Header{"Authorization": {"Bearer x"}})
	said, ok := ParseTestimony([]byte(body))
	if err != nil || !ok || said.Canary != "Bearer x" || said.Target != "/a/b?c=d" || said.Version != 1 || said.Once != 0 {
		t.Errorf("%+v, %v", said, err)
	}
	again, _, err := r.send("GET", "/a/b?c=d", "", http.Header{"If-None-Match": resp.Header["Etag"]})
	if err != nil || again.StatusCode != http.StatusNotModified {
		t.Error(again, err)
	}
	if _, large, err := r.send("GET", Large+"x", "", nil); err != nil || len(large) < largeFill {
		t.Error(len(large), err)
	}
	for _, text := range []string{"", "{}", "null", `{"version":0,"target":"/"}`, "500 Internal Server Error\n"} {
		if got, ok := ParseTestimony([]byte(text)); ok {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestTheOriginThatBreaksCountsWhatReachesIt(t *testing.T) {
	r := start(t, Faulty, FaultyOptions{Change: time.Hour, Spell: time.Hour})
	for _, body := range []string{string(Numbered(7)), string(Numbered(7)), string(Numbered(8)), `{"number":"none"}`} {
		if resp, _, err := r.send("POST", Write, body, nil); err != nil || resp.StatusCode != http.StatusCreated {
			t.Error(resp, err)
		}
	}
	if _, _, err := r.send("POST", Upload, "all of it", nil); err != nil {
		t.Error(err)
	}
	cut, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(cut, "POST "+Upload+" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nnot all of it")
	_ = cut.Close()
	if _, _, err := r.send("GET", "/", "", nil); err != nil {
		t.Error(err)
	}
	var tally Tally
	var requests int64
	if p := r.ask("tally", &tally) + r.ask("requests", &requests); p != "" || tally.Writes[7] != 2 || tally.Writes[8] != 1 || len(tally.Writes) != 2 || tally.Uploads != 1 {
		t.Errorf("%+v, %s", tally, p)
	}
	if requests < 6 || requests > 7 {
		t.Error(requests)
	}
}

func TestTheNumberOfAWriteIsFoundInChunksToo(t *testing.T) {
	for text, want := range map[string]int64{
		string(Numbered(1)): 1, "d\r\n" + string(Numbered(123)) + "\r\n0\r\n\r\n": 123, "": 0, `{"number":1`: 0, `{"number":}`: 0, "{}": 0,
	} {
		if got, ok := numberIn([]byte(text)); ok != (want > 0) || ok && got != want {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
}

func TestAnOriginThatWasDownIsBackAtTheSameAddress(t *testing.T) {
	r := start(t, Faulty, FaultyOptions{Change: time.Hour, Spell: time.Hour})
	if p := r.ask("down", nil); p != "" {
		t.Fatal(p)
	}
	if _, _, err := r.send("GET", "/", "", nil); err == nil {
		t.Error("it answers")
	}
	if p := r.ask("up", nil); p != "" {
		t.Fatal(p)
	}
	if resp, _, err := r.send("GET", "/", "", nil); err != nil || resp.StatusCode != http.StatusOK {
		t.Error(resp, err)
	}
}

func TestEveryPathHasEveryIllInTurnAndOnlyOddOnesThoseThatMayNotBeShared(t *testing.T) {
	g := &faulty{options: FaultyOptions{Spell: time.Second}, began: time.Unix(0, 0), ills: ills(), broken: true}
	for path, alone := range map[string]bool{Odd + "1": true, "/small/1": false} {
		found := map[string]int{}
		for second := range 2 * 2 * (len(g.ills) + 2) {
			one := g.ill(path, time.Unix(int64(second), 0))
			if found[one.name]++; one.alone && !alone {
				t.Errorf("%s: %s", path, one.name)
			}
		}
		want := len(g.ills) + 2 + 1
		for _, one := range g.ills {
			if one.alone && !alone {
				want--
			}
		}
		if !alone {
			want -= 2 // those that need the origin's state
		}
		if len(found) != want || found["well"] < 2*len(g.ills) {
			t.Errorf("%s: %d, not %d: %v", path, len(found), want, found)
		}
	}
	g.broken = false
	for second := range 10 {
		if one := g.ill(Odd+"1", time.Unix(int64(second), 0)); one.name != "well" {
			t.Error(one.name)
		}
	}
}

func TestWhatIsForOneRequestHasANumberThatNoOtherHas(t *testing.T) {
	g := &faulty{options: FaultyOptions{Change: time.Hour}, began: time.Now()}
	g.Faulty = legacy.NewFaulty(legacy.Answer{}, nil)
	g.Break(g.private("Set-Cookie", "sid=1"))
	if err := g.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	r := &running{t: t, address: g.Addr()}
	seen := map[int64]bool{}
	for range 3 {
		resp, body, err := r.send("GET", "/x", "", nil)
		said, ok := ParseTestimony([]byte(body))
		if err != nil || !ok || said.Once == 0 || seen[said.Once] || resp.Header.Get("Set-Cookie") == "" {
			t.Errorf("%+v, %v", said, err)
		}
		seen[said.Once] = true
	}
}

func TestHealingEndsWhatHangs(t *testing.T) {
	r := start(t, Faulty, FaultyOptions{Change: time.Hour, Spell: time.Hour})
	g := &faulty{options: FaultyOptions{Spell: time.Hour}, began: time.Now(), ills: ills(), broken: true}
	path := "/0"
	for i := 1; g.ill(path, time.Now()).name != "hang before the head"; i++ {
		path = fmt.Sprintf("/%d", i)
	}
	if p := r.ask("break", nil); p != "" {
		t.Fatal(p)
	}
	hanging := make(chan error, 1)
	go func() {
		_, _, err := r.send("GET", path, "", nil)
		hanging <- err
	}()
	var requests int
	for requests == 0 {
		_ = r.ask("requests", &requests)
	}
	if p := r.ask("heal", nil); p != "" { // the fault was looked up before the request was counted
		t.Fatal(p)
	}
	if err := <-hanging; err == nil {
		t.Error("it was answered")
	}
	if resp, _, err := r.send("GET", path, "", nil); err != nil || resp.StatusCode != http.StatusOK {
		t.Error(resp, err)
	}
}
