package legacy_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestValidatorsRevalidateUntilTheStateChanges(t *testing.T) {
	for _, test := range []struct {
		name      string
		validator legacy.Validator
		field     string // of the answer
		condition string // of the next request
		weak      bool
	}{
		{"weak", legacy.WeakETag, "ETag", "If-None-Match", true},
		{"strong", legacy.StrongETag, "ETag", "If-None-Match", false},
		{"last-modified", legacy.LastModified, "Last-Modified", "If-Modified-Since", false},
		{"weak and last-modified", legacy.WeakETag | legacy.LastModified, "Last-Modified", "If-Modified-Since", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			clock := newHandClock()
			board := legacy.NewScoreboard(legacy.Options{Clock: clock.Now, Every: legacy.Never(), Validator: test.validator})
			origin := serve(t, board)
			value := origin.get("/").Header.Get(test.field)
			if value == "" || strings.HasPrefix(value, "W/") != test.weak {
				t.Fatalf("%s: %q", test.field, value)
			}
			again := origin.get("/", test.condition+": "+value)
			if again.StatusCode != http.StatusNotModified || again.body != "" {
				t.Errorf("unchanged: %d %q", again.StatusCode, again.body)
			}
			clock.Advance(time.Second)
			board.Play()
			wantStatus(t, origin.get("/", test.condition+": "+value), http.StatusOK)
			if counts := board.Counts(); counts.Conditional != 2 || counts.NotModified != 1 || counts.Statuses[200] != 2 {
				t.Errorf("counted %+v", counts)
			}
		})
	}
}

func TestAnswersWithoutAValidatorAreAlwaysFull(t *testing.T) {
	origin := serve(t, legacy.NewScoreboard(legacy.Options{Every: legacy.Never()}))
	reply := origin.get("/", "If-None-Match: *")
	if reply.Header.Get("ETag")+reply.Header.Get("Last-Modified") != "" {
		t.Errorf("header %v", reply.Header)
	}
	wantStatus(t, origin.get("/", "If-Modified-Since: "+time.Now().UTC().Format(http.TimeFormat)), http.StatusOK)
}

func TestStrongETagNamesTheBytes(t *testing.T) {
	clock := newHandClock()
	origin := serve(t, legacy.NewScoreboard(legacy.Options{Clock: clock.Now, Every: legacy.Never(), Validator: legacy.StrongETag}))
	first := origin.get("/")
	clock.Advance(time.Minute)
	second := origin.get("/")
	if first.body != second.body || first.Header.Get("ETag") != second.Header.Get("ETag") {
		t.Errorf("%s %s\n%s %s", first.Header.Get("ETag"), first.body, second.Header.Get("ETag"), second.body)
	}
}

func TestOptionHeadersAreOnGoodAnswersAndTheir304(t *testing.T) {
	header := http.Header{"Vary": {"Accept-Language"}, "Cache-Control": {"max-age=2"}}
	origin := serve(t, legacy.NewScoreboard(legacy.Options{Every: legacy.Never(), Validator: legacy.WeakETag, Header: header}))
	full := origin.get("/")
	short := origin.get("/", "If-None-Match: "+full.Header.Get("ETag"))
	wantStatus(t, short, http.StatusNotModified)
	for _, reply := range []reply{full, short} {
		if reply.Header.Get("Vary") != "Accept-Language" || reply.Header.Get("Cache-Control") != "max-age=2" {
			t.Errorf("%d: %v", reply.StatusCode, reply.Header)
		}
	}
}
