package legacy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func handled(counter http.Handler, method, target, body string) {
	counter.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, target, strings.NewReader(body)))
}

var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })

func TestCounterCountsWhatManyClientsSend(t *testing.T) {
	counter := legacy.Count(echo, nil)
	var clients sync.WaitGroup
	for client := range 20 {
		clients.Go(func() {
			for n := range 50 {
				handled(counter, "GET", "/a?n=1", "")
				handled(counter, "POST", "/b", fmt.Sprintf("%d/%d", client, n))
			}
		})
	}
	clients.Wait()
	counts := counter.Counts()
	if counts.Total != 2000 || counts.Paths["/a"] != 1000 || counts.Paths["/b"] != 1000 || counts.Writes != 1000 || counts.Statuses[200] != 2000 {
		t.Errorf("%+v", counts)
	}
	seen := make(map[string]bool)
	for i, write := range counter.Writes() {
		if write.Number != i+1 || write.Status != 200 || write.Method != "POST" || write.Path != "/b" || seen[string(write.Body)] {
			t.Fatalf("write %d is %+v", i, write)
		}
		seen[string(write.Body)] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d writes", len(seen))
	}
}

func TestCounterShowsAWriteThatIsUnderWay(t *testing.T) {
	arrived, finish := make(chan struct{}), make(chan struct{})
	counter := legacy.Count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-finish
	}), nil)
	var client sync.WaitGroup
	client.Go(func() { handled(counter, "PUT", "/slow", "") })
	<-arrived
	if writes := counter.Writes(); len(writes) != 1 || writes[0].Status != 0 {
		t.Errorf("under way: %+v", writes)
	}
	close(finish)
	client.Wait()
	if writes := counter.Writes(); writes[0].Status != 200 {
		t.Errorf("done: %+v", writes)
	}
}

func TestCounterSurvivesAHandlerThatAborts(t *testing.T) {
	counter := legacy.Count(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), nil)
	func() {
		defer func() { recover() }()
		handled(counter, "POST", "/", "x")
	}()
	if counts := counter.Counts(); counts.Total != 1 || counts.Statuses[0] != 1 || counter.Writes()[0].Status != 0 {
		t.Errorf("%+v %+v", counts, counter.Writes())
	}
}

func TestCounterRemembersABoundedAmount(t *testing.T) {
	counter := legacy.Count(echo, nil)
	for n := range legacy.MaxPaths + 5 {
		handled(counter, "GET", fmt.Sprintf("/%d", n), "")
	}
	if counts := counter.Counts(); len(counts.Paths) != legacy.MaxPaths+1 || counts.Paths[legacy.OtherPaths] != 5 {
		t.Errorf("%d paths, %d others", len(counts.Paths), counts.Paths[legacy.OtherPaths])
	}
	handled(counter, "POST", "/", strings.Repeat("x", 3*legacy.MaxWriteBody))
	if kept := len(counter.Writes()[0].Body); kept != legacy.MaxWriteBody {
		t.Errorf("%d bytes kept", kept)
	}
}

func TestCounterStartsAgainAfterReset(t *testing.T) {
	counter := legacy.Count(echo, nil)
	handled(counter, "POST", "/", "one")
	counter.Reset()
	handled(counter, "POST", "/", "two")
	writes := counter.Writes()
	if counter.Counts().Total != 1 || len(writes) != 1 || writes[0].Number != 1 || string(writes[0].Body) != "two" {
		t.Errorf("%+v %+v", counter.Counts(), writes)
	}
}

func TestCounterLetsHandlersFlush(t *testing.T) {
	origin := serve(t, legacy.Count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	}), nil))
	wantStatus(t, origin.get("/"), http.StatusOK)
}
