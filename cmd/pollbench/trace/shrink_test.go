package trace

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestTheBeginningOfATraceHasWhatHappensInIt(t *testing.T) {
	whole := &Trace{Name: "story", Horizon: 100, Resources: []Resource{{Weight: 1, Changes: changes{1, 5, 50}}, {Weight: 2, Changes: changes{60}, Instants: true}}}
	begun, err := whole.Until(50)
	if err != nil || begun.Name != "story" || begun.Horizon != 50 || !slices.Equal(begun.Resources[0].Changes, changes{1, 5}) ||
		len(begun.Resources[1].Changes) != 0 || begun.Resources[1].Weight != 2 || !begun.Resources[1].Instants {
		t.Errorf("%+v, %v", begun, err)
	}
	if whole.Horizon != 100 || whole.Changes() != 4 {
		t.Errorf("the whole is not what it was: %+v", whole)
	}
	for _, end := range []float64{0, -1, 101, math.NaN()} {
		if _, err := whole.Until(end); err == nil {
			t.Errorf("%v s", end)
		}
	}
}

func TestWeightsAreMadePeopleInProportion(t *testing.T) {
	whole, err := Generate("lively", Options{Seed: 1, Horizon: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	less, err := whole.WithSubscribers(2000)
	if err != nil || less.Subscribers() > 2000 || less.Subscribers() < 1900 || whole.Subscribers() < 5000 {
		t.Fatal(less.Subscribers(), whole.Subscribers(), err)
	}
	for i, r := range less.Resources {
		if r.Weight != math.Trunc(r.Weight) || r.Weight < 1 || r.Weight > 2 && math.Abs(r.Weight/whole.Resources[i].Weight/0.335-1) > 0.25 {
			t.Errorf("%v of %v", r.Weight, whole.Resources[i].Weight)
		}
	}
	few := &Trace{Resources: []Resource{{Weight: 0.2}, {Weight: 3}}}
	if same, err := few.WithSubscribers(10); err != nil || same.Resources[0].Weight != 1 || same.Resources[1].Weight != 3 {
		t.Errorf("%+v, %v", same, err)
	}
	if one, err := few.WithSubscribers(2); err != nil || one.Subscribers() != 2 {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := few.WithSubscribers(1); err == nil {
		t.Error("one subscriber of two resources")
	}
}
