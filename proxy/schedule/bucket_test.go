package schedule

import (
	"testing"
	"time"
)

func TestABucketAllowsABurstAndThenOnePerPause(t *testing.T) {
	b := Bucket{Pause: 10 * time.Second, Burst: 3}
	now := time.Unix(1000, 0)
	var came []int
	for range 100 {
		for !b.Next().After(now) {
			b.Take(now)
			came = append(came, int(now.Unix()-1000))
		}
		now = now.Add(time.Second)
	}
	want := []int{0, 0, 0, 10, 20, 30, 40, 50, 60, 70, 80, 90}
	if len(came) != len(want) {
		t.Fatalf("came at %v, want %v", came, want)
	}
	for i := range want {
		if came[i] != want[i] {
			t.Fatalf("came at %v, want %v", came, want)
		}
	}
	now = now.Add(time.Hour)
	for range 3 {
		if b.Next().After(now) {
			t.Fatal("it does not fill up again")
		}
		b.Take(now)
	}
	if !b.Next().After(now) {
		t.Error("it holds more than its burst")
	}
}

func TestWhatComesTooEarlyCountsAsWell(t *testing.T) {
	b := Bucket{Pause: time.Second, Burst: 1}
	now := time.Unix(1000, 0)
	for range 5 {
		b.Take(now)
	}
	if got := b.Next().Sub(now); got != 5*time.Second {
		t.Errorf("the next one after %v", got)
	}
}
