package replay

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// script is a policy that does what it was told, and remembers what it saw.
type script struct {
	polls []poll
	saw   []observation
}

// poll is who is polled when; a negative resource is nobody until then.
type poll struct {
	resource int
	at       float64
}

func (s *script) next(float64) (int, float64) {
	if len(s.polls) == 0 {
		return -1, math.Inf(1)
	}
	p := s.polls[0]
	s.polls = s.polls[1:]
	return p.resource, p.at
}

func (s *script) polled(_ int, _ float64, saw observation) { s.saw = append(s.saw, saw) }

// traced is a trace of resources.
func traced(horizon float64, resources ...trace.Resource) *trace.Trace {
	return &trace.Trace{Name: "story", Horizon: horizon, Resources: resources}
}

// played plays, and does not fail.
func played(t *testing.T, story *trace.Trace, p policy) Outcome {
	t.Helper()
	o, err := play(t.Context(), story, p)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b)) }

func TestStalenessIsTheMeanAgeOfTheFirstUnseenChange(t *testing.T) {
	for name, test := range map[string]struct {
		story *trace.Trace
		polls []poll
		want  float64
	}{
		"nothing changes":                          {traced(10, trace.Resource{Weight: 1}), []poll{{0, 5}}, 0},
		"nobody polls":                             {traced(10, trace.Resource{Weight: 1, Changes: []float64{4}}), nil, 6 * 6 / 2. / 10},
		"a poll ends it":                           {traced(10, trace.Resource{Weight: 1, Changes: []float64{4}}), []poll{{0, 7}}, 3 * 3 / 2. / 10},
		"the first of several changes counts":      {traced(10, trace.Resource{Weight: 1, Changes: []float64{4, 6, 6, 6.5}}), []poll{{0, 7}}, 3 * 3 / 2. / 10},
		"a poll right at a change sees it":         {traced(10, trace.Resource{Weight: 1, Changes: []float64{4}}), []poll{{0, 4}}, 0},
		"a poll before changes nothing":            {traced(10, trace.Resource{Weight: 1, Changes: []float64{4}}), []poll{{0, 0}, {0, 3.5}, {0, 7}}, 3 * 3 / 2. / 10},
		"it begins anew after a poll":              {traced(10, trace.Resource{Weight: 1, Changes: []float64{1, 4, 9}}), []poll{{0, 3}, {0, 5}}, (2*2 + 1*1 + 1*1) / 2. / 10},
		"a change at the beginning is one":         {traced(10, trace.Resource{Weight: 1, Changes: []float64{0}}), []poll{{0, 2}}, 2 * 2 / 2. / 10},
		"waiting for nobody is no poll":            {traced(10, trace.Resource{Weight: 1, Changes: []float64{4}}), []poll{{-1, 4.5}, {-1, 5}, {0, 5}}, 1 / 2. / 10},
		"a poll at the horizon is too late":        {traced(10, trace.Resource{Weight: 1, Changes: []float64{4}}), []poll{{0, 10}}, 6 * 6 / 2. / 10},
		"several polls at a time":                  {traced(10, trace.Resource{Weight: 1, Changes: []float64{4}}, trace.Resource{Weight: 1, Changes: []float64{5}}), []poll{{0, 6}, {1, 6}}, (2*2 + 1*1) / 2. / 20},
		"a subscriber counts as much as any other": {traced(10, trace.Resource{Weight: 3, Changes: []float64{4}}, trace.Resource{Weight: 1}), []poll{{0, 6}}, 3 * 2 * 2 / 2. / 40},
	} {
		if got := played(t, test.story, &script{polls: test.polls}); !near(got.Staleness, test.want) {
			t.Errorf("%s: %v, not %v", name, got.Staleness, test.want)
		}
	}
}

func TestRequestsAreWhatHappenedBeforeTheHorizon(t *testing.T) {
	story := traced(10, trace.Resource{Weight: 1})
	if got := played(t, story, &script{polls: []poll{{0, 0}, {-1, 3}, {0, 3}, {0, 9.99}, {0, 10}}}); got.Requests != 0.3 {
		t.Error(got.Requests)
	}
}

func TestAPollSeesWhetherItChangedAndWhenIfThatIsTold(t *testing.T) {
	at := []float64{1, 4, 4.5}
	story := traced(10, trace.Resource{Weight: 1, Changes: at}, trace.Resource{Weight: 1, Changes: at, Instants: true})
	silent, telling := &script{}, &script{}
	for _, now := range []float64{0.5, 1, 3, 6, 7} {
		silent.polls = append(silent.polls, poll{0, now})
		telling.polls = append(telling.polls, poll{1, now})
	}
	played(t, story, silent)
	played(t, story, telling)
	instants := []float64{math.NaN(), 1, 1, 4.5, 4.5}
	for i, changed := range []bool{false, true, false, true, false} {
		if s := silent.saw[i]; s.changed != changed || !math.IsNaN(s.instant) {
			t.Errorf("poll %d: %+v", i, s)
		}
		if s := telling.saw[i]; s.changed != changed || s.instant != instants[i] && !(math.IsNaN(s.instant) && math.IsNaN(instants[i])) {
			t.Errorf("poll %d: %+v", i, s)
		}
	}
}

func TestAPolicyThatPollsAtEveryChangeLeavesNobodyStale(t *testing.T) {
	story, err := trace.Generate("mixed", trace.Options{N: 40})
	if err != nil {
		t.Fatal(err)
	}
	all := &script{}
	for i, r := range story.Resources {
		for _, at := range r.Changes {
			all.polls = append(all.polls, poll{i, at})
		}
	}
	slices.SortFunc(all.polls, func(a, b poll) int { return int(math.Copysign(1, a.at-b.at)) })
	if got := played(t, story, all); got.Staleness != 0 || got.P99 != 0 || !near(got.Requests, float64(story.Changes())/story.Horizon) {
		t.Errorf("%+v", got)
	}
}

func TestAPolicyWhoseTimeStandsStillIsNotFollowed(t *testing.T) {
	story := traced(10, trace.Resource{Weight: 1})
	for want, polls := range map[string][]poll{
		"at 5 s the policy wants resource 0 of 1 at 4 s":   {{0, 5}, {0, 4}},
		"at 5 s the policy wants resource -1 of 1 at 5 s":  {{0, 5}, {-1, 5}},
		"at 0 s the policy wants resource 0 of 1 at NaN s": {{0, math.NaN()}},
		"at 0 s the policy wants resource 1 of 1 at 1 s":   {{1, 1}},
	} {
		if _, err := play(t.Context(), story, &script{polls: polls}); err == nil || err.Error() != want {
			t.Errorf("%v, not %q", err, want)
		}
	}
}

func TestAReplayEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Run(ctx, traced(10, trace.Resource{Weight: 1}), Options{Budget: 1})
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "uniform: ") {
		t.Error(err)
	}
}

// sampled is the p99 as one would measure it: at many moments, of as many subscribers.
func sampled(story *trace.Trace, polls []poll) float64 {
	const moments = 20_000
	type age struct{ seconds, weight float64 }
	var all []age
	sum := 0.0
	for i, r := range story.Resources {
		for m := range moments {
			now := (float64(m) + 0.5) / moments * story.Horizon
			last := -1.0
			for _, p := range polls {
				if p.resource == i && p.at <= now {
					last = p.at
				}
			}
			first, _ := slices.BinarySearchFunc(r.Changes, last, func(at, last float64) int {
				if at > last {
					return 1
				}
				return -1
			})
			old := 0.0
			if first < len(r.Changes) && r.Changes[first] <= now {
				old = now - r.Changes[first]
			}
			all = append(all, age{old, r.Weight})
			sum += r.Weight
		}
	}
	slices.SortFunc(all, func(a, b age) int { return int(math.Copysign(1, b.seconds-a.seconds)) })
	weight := 0.0
	for _, a := range all {
		if weight += a.weight; weight >= 0.01*sum {
			return a.seconds
		}
	}
	return 0
}

func TestTheP99IsWhatSamplingFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for round := range 20 {
		story := traced(100)
		for range 1 + r.IntN(5) {
			one := trace.Resource{Weight: 1 + r.ExpFloat64()*10}
			for at := r.ExpFloat64() * 10; at < 100; at += r.ExpFloat64() * 10 {
				one.Changes = append(one.Changes, at)
			}
			story.Resources = append(story.Resources, one)
		}
		var polls []poll
		for at := 0.0; at < 100; at += r.ExpFloat64() * 2 {
			polls = append(polls, poll{r.IntN(len(story.Resources)), at})
		}
		want := sampled(story, polls)
		if got := played(t, story, &script{polls: polls}); math.Abs(got.P99-want) > 0.02 {
			t.Errorf("round %d: %v, not %v", round, got.P99, want)
		}
	}
}

func TestTheP99OfWhatIsSeldomStaleIsNothing(t *testing.T) {
	story := traced(1000, trace.Resource{Weight: 1, Changes: []float64{4}})
	if got := played(t, story, &script{polls: []poll{{0, 13}}}); got.P99 != 0 {
		t.Error(got.P99) // 9 s of 1000
	}
	if got := played(t, story, &script{polls: []poll{{0, 24}}}); got.P99 != 10 {
		t.Error(got.P99) // it is older for the last 10 of 20 s
	}
}
