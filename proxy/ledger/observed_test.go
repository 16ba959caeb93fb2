package ledger

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// observer has seen what a test says.
type observer struct{ seen Observed }

func (o observer) Observed() Observed { return o.seen }

func twoObserved() *Ledger {
	l := New()
	l.Route("plain", time.Second)
	for _, name := range []string{"a", "b"} {
		l.Route(name, time.Second).Observes(observer{Observed{
			Share: "auto", Verdict: Same, Requests: 10, WouldSaveRequests: 7, WouldSaveBytes: 700, WouldSaveOriginSeconds: 0.5,
			Compared: 6, Same: 5, Changed: 1, Unshareable: map[string]int64{"range": 2},
			Separators: []Separator{}, RuledOut: []Separator{},
			IfPublic: &Observed{Share: "public", Verdict: Differs, Requests: 10, WouldSaveRequests: 8, Differing: 4, Unshareable: map[string]int64{}, RuledOut: []Separator{},
				Separators: []Separator{{Kind: "cookie", Name: "sid", Explains: 1, Pairs: 4}}},
		}})
	}
	return l
}

func TestWhatIsObservedStandsApartFromWhatIsSaved(t *testing.T) {
	s := twoObserved().Stats()
	if s.Routes[0].Observed != nil {
		t.Error("a route that is not observed says that it is")
	}
	o := s.Totals.Observed
	if o == nil || o.Requests != 20 || o.WouldSaveRequests != 14 || o.WouldSaveBytes != 1400 || o.WouldSaveOriginSeconds != 1 ||
		o.Compared != 12 || o.Same != 10 || o.Changed != 2 || o.Unshareable["range"] != 4 || o.Verdict != Same {
		t.Errorf("in all %+v", o)
	}
	if s.Totals.SavedRequestsMeasured+s.Totals.SavedRequestsEstimated+s.Totals.SavedBytes != 0 {
		t.Errorf("something was saved: %+v", s.Totals)
	}
	text, err := json.Marshal(s)
	if err != nil || strings.Contains(strings.Replace(string(text), `"last_error":null`, "", 1), "null") || !strings.Contains(string(text), `"separators":[{"kind":"cookie","name":"sid","explains":1,"pairs":4}]`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestTheWorstVerdictIsThatOfAll(t *testing.T) {
	for _, test := range []struct{ a, b, want Verdict }{
		{Same, Same, Same}, {Same, Unknown, Unknown}, {Unknown, Differs, Differs}, {Differs, Same, Differs},
	} {
		if got := test.a.and(test.b); got != test.want {
			t.Errorf("%s and %s is %s", test.a, test.b, got)
		}
	}
}

func TestWhatIsObservedIsMeasured(t *testing.T) {
	got := samples(t, twoObserved())
	for sample, want := range map[string]float64{
		"pollmux_observed_requests_total{route=a,share=auto}":                  10,
		"pollmux_observed_would_save_requests_total{route=a,share=auto}":       7,
		"pollmux_observed_would_save_requests_total{route=b,share=public}":     8,
		"pollmux_observed_would_save_bytes_total{route=a,share=auto}":          700,
		"pollmux_observed_would_save_origin_seconds_total{route=a,share=auto}": 0.5,
		"pollmux_observed_compared_total{route=a,share=auto}":                  6,
		"pollmux_observed_same_total{route=a,share=auto}":                      5,
		"pollmux_observed_differing_total{route=a,share=public}":               4,
		"pollmux_observed_unshareable_total{reason=range,route=a,share=auto}":  2,
	} {
		if got[sample] != want {
			t.Errorf("%s is %v, want %v", sample, got[sample], want)
		}
	}
	for sample := range got {
		if strings.Contains(sample, "observed") && strings.Contains(sample, "route=plain") {
			t.Errorf("%s of a route that is not observed", sample)
		}
		if strings.Contains(sample, "sid") {
			t.Errorf("%s has a name that a client chose", sample)
		}
	}
}
