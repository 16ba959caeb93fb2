package replay

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// made is a small trace.
func made(t testing.TB, kind string) *trace.Trace {
	t.Helper()
	story, err := trace.Generate(kind, trace.Options{Seed: 1, N: 100, Horizon: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return story
}

// replayed are the outcomes by name.
func replayed(t *testing.T, story *trace.Trace, budget float64) map[string]Outcome {
	t.Helper()
	r, err := Run(t.Context(), story, Options{Budget: budget, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]Outcome{}
	for _, p := range r.Policies {
		outcomes[p.Name] = p.Outcome
	}
	return outcomes
}

// Nobody is better for having asked more.
func TestAllPoliciesSendAsManyRequests(t *testing.T) {
	for _, k := range trace.Kinds() {
		for name, o := range replayed(t, made(t, k.Name), 5) {
			if o.Requests > 5*1.0001 || o.Requests < 5*0.99 {
				t.Errorf("%s, %s: %v requests/s", k.Name, name, o.Requests)
			}
			if !(o.Staleness > 0) || !(o.P99 > 0) {
				t.Errorf("%s, %s: %+v", k.Name, name, o)
			}
		}
	}
}

// Those who know the weights gain by them; the oracle gains most of all where rates
// stay what they are.
func TestTheBaselinesAreNoStrawMen(t *testing.T) {
	for _, k := range trace.Kinds() {
		o := replayed(t, made(t, k.Name), 5)
		for name, most := range map[string]float64{"sqrt_weight": 0.85, "aimd": 1.03, "aimd_weighted": 0.7, "adaptive_ttl": 1.05, oracle: 0.7} {
			if ratio := o[name].Staleness / o[uniform].Staleness; ratio > most {
				t.Errorf("%s: %s at %.3f of %s, not %v", k.Name, name, ratio, uniform, most)
			}
		}
	}
	o := replayed(t, made(t, "poisson"), 5)
	for name := range o {
		if o[name].Staleness < o[oracle].Staleness {
			t.Errorf("%s is better than the oracle", name)
		}
	}
}

func TestTheOutcomeIsTheSameForTheSameSeed(t *testing.T) {
	story := made(t, "mixed")
	once := replayed(t, story, 5)
	if again := replayed(t, story, 5); !reflect.DeepEqual(once, again) {
		t.Errorf("%v, then %v", once, again)
	}
	other, err := Run(t.Context(), story, Options{Budget: 5, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range other.Policies {
		if (p.Outcome == once[p.Name]) != (p.Name == uniform) {
			t.Errorf("%s: %+v for another seed", p.Name, p.Outcome)
		}
	}
}

// What counts is the share of the subscribers. A power of four has a root that is
// exact, so that nothing is rounded in another way.
func TestFourTimesTheSubscribersChangeNothing(t *testing.T) {
	story := made(t, "mixed")
	more := *story
	more.Resources = append([]trace.Resource{}, story.Resources...)
	for i := range more.Resources {
		more.Resources[i].Weight *= 4
	}
	once, again := replayed(t, story, 5), replayed(t, &more, 5)
	for name := range once {
		a, b := once[name], again[name]
		if name == oracle || name == "price" { // whose price is found step by step
			if math.Abs(a.Staleness/b.Staleness-1) < 0.03 && math.Abs(a.P99/b.P99-1) < 0.05 {
				continue
			}
		}
		if a != b {
			t.Errorf("%s: %+v, then %+v", name, a, b)
		}
	}
}

// Nobody is forgotten: each is polled again within a few times the even interval.
func TestNoPolicyForgetsAResource(t *testing.T) {
	for _, kind := range []string{"poisson", "flash", "sleepers"} {
		story := made(t, kind)
		for _, c := range contenders() {
			if c.name == oracle {
				continue // it knows who will not change
			}
			w := &watched{policy: c.enter(newSetting(story, Options{Budget: 5}, c.name)), last: make([]float64, len(story.Resources))}
			played(t, story, w)
			for _, last := range w.last {
				w.gap = max(w.gap, story.Horizon-last)
			}
			if w.gap > 10*20 {
				t.Errorf("%s, %s: %v s without a poll", kind, c.name, w.gap)
			}
		}
	}
}

// watched is a policy that somebody looks at.
type watched struct {
	policy
	last []float64
	gap  float64 // the longest
}

func (w *watched) polled(i int, now float64, saw observation) {
	w.gap = max(w.gap, now-w.last[i])
	w.last[i] = now
	w.policy.polled(i, now, saw)
}

func TestAnAbsurdBudgetIsRefused(t *testing.T) {
	for _, budget := range []float64{1e9, math.Inf(1), math.NaN()} {
		if _, err := Run(t.Context(), made(t, "poisson"), Options{Budget: budget}); err == nil || !strings.Contains(err.Error(), "more than 1e+09") {
			t.Error(err)
		}
	}
}

func TestAnOutcomeInJSONIsToTheLetter(t *testing.T) {
	r := &Result{Trace: "buses", Budget: 2}
	for _, name := range []string{"uniform", "sqrt_weight"} {
		r.Policies = append(r.Policies, Policy{name, Outcome{4.75, 60, 2}})
	}
	want := `{"trace":"buses","budget":2,"policies":{` +
		`"uniform":{"staleness_seconds":4.75,"p99_seconds":60,"requests_per_second":2},` +
		`"sqrt_weight":{"staleness_seconds":4.75,"p99_seconds":60,"requests_per_second":2}}}`
	if text, err := json.Marshal(r); err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
	if text, err := json.Marshal(Result{}); err != nil || string(text) != `{"trace":"","budget":0,"policies":{}}` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestThePoliciesAreInTheirOrder(t *testing.T) {
	r, err := Run(t.Context(), made(t, "poisson"), Options{Budget: 1})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range r.Policies {
		names = append(names, p.Name)
	}
	want := []string{"uniform", "sqrt_weight", "aimd", "aimd_weighted", "adaptive_ttl", "oracle", "price"}
	if len(names) < 6 || !reflect.DeepEqual(names, want[:len(names)]) {
		t.Error(names)
	}
}

func TestTheTableMarksTheBestThatKnowsNoMoreThanItMay(t *testing.T) {
	r := &Result{Trace: "a\nb", Budget: 2, Policies: Policies{
		{"uniform", Outcome{4, 60, 2}}, {"aimd", Outcome{3, 30, 2}}, {"oracle", Outcome{2, 0, 1.9996}},
	}}
	want := `"a\nb", 2 requests/s   staleness   against uniform   p99       against uniform   requests/s   
uniform                4.000 s     1.000             60.00 s   1.000             2.000        
aimd                   3.000 s     0.750             30.00 s   0.500             2.000        ◄ best
oracle                 2.000 s     0.500             0.00 s    0.000             2.000        
`
	var text strings.Builder
	if r.Write(&text); text.String() != want {
		t.Errorf("%s", text.String())
	}
	text.Reset()
	if (&Result{Policies: Policies{{"uniform", Outcome{}}}}).Write(&text); !strings.Contains(text.String(), "–") {
		t.Errorf("%s", text.String())
	}
}

// A day that really was.
func TestTheBusesOfAustin(t *testing.T) {
	f, err := os.Open("../../../../shared/traces/austin-buses.json.gz")
	if err != nil {
		t.Skip("the real trace is not beside this repository: ", err)
	}
	defer f.Close()
	story, err := trace.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	o := replayed(t, story, 2)
	if o[uniform].Staleness < 4.7 || o[uniform].Staleness > 4.8 {
		t.Errorf("%+v", o[uniform])
	}
	for name := range o {
		if o[name].Staleness > 0.85*o[uniform].Staleness && name != uniform {
			t.Errorf("%s: %+v", name, o[name])
		}
	}
}

func BenchmarkPolicies(b *testing.B) {
	story, err := trace.Generate("poisson", trace.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range contenders() {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := play(b.Context(), story, c.enter(newSetting(story, Options{Budget: 50}, c.name))); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(50*story.Horizon), "ns/poll")
		})
	}
}
