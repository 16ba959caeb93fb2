package proxy

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestTheLogTellsWhenPollsFailAndWhenTheySucceedAgain(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	s := r.stream("/x", "text/event-stream")
	s.event()
	r.origin.Break(legacy.Status(500))
	s.event() // status: stale
	r.eventually("it is told", func() bool {
		return strings.Count(r.log.String(), `level=WARN msg="polls fail" route=all error="the origin answers 500" feeds=1`) == 1
	})
	r.origin.Break(nil)
	r.eventually("the end is told", func() bool {
		return strings.Count(r.log.String(), `level=INFO msg="polls succeed again" route=all after=`) == 1
	})
}

func TestAnAlarmIsNotToldTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log await.Log
		a := &alarm{log: slog.New(slog.NewTextHandler(&log, nil)), route: "r"}
		lines := func(failing, recovered int) {
			t.Helper()
			if text := log.String(); strings.Count(text, "polls fail") != failing || strings.Count(text, "succeed again") != recovered {
				t.Errorf("want %d and %d in\n%s", failing, recovered, text)
			}
		}
		for range 1000 {
			a.Failing(errors.New("refused"))
		}
		lines(1, 0)
		for range 1000 {
			a.Recovered(time.Second)
		}
		lines(1, 1)
		// One that flaps.
		for range 100 {
			a.Failing(errors.New("refused"))
			a.Recovered(time.Second)
			time.Sleep(time.Second)
		}
		lines(10, 10)
		// A feed that ends is no success.
		time.Sleep(alarmPause)
		a.Failing(errors.New("refused"))
		a.Recovered(0)
		lines(11, 10)
	})
}

// The origin hiccups, recovers, and fails for good a few seconds later.
func TestTroubleThatComesSoonAfterTheLastIsToldIfItStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log await.Log
		a := &alarm{log: slog.New(slog.NewTextHandler(&log, nil)), route: "r"}
		a.Failing(errors.New("refused"))
		a.Recovered(time.Second)
		time.Sleep(2 * time.Second)
		a.Failing(errors.New("timeout"))
		for range 60 {
			time.Sleep(time.Second)
			a.StillFailing(errors.New("timeout"))
		}
		if text := log.String(); strings.Count(text, "\n") != 3 || !strings.Contains(text, "polls fail\" route=r error=timeout feeds=1\n") {
			t.Errorf("told\n%s", text)
		}
		for range 60 {
			time.Sleep(time.Second)
			a.StillFailing(errors.New("the certificate has expired"))
		}
		if text := log.String(); strings.Count(text, "\n") != 4 || !strings.HasSuffix(text, "error=\"the certificate has expired\" feeds=1\n") {
			t.Errorf("told\n%s", text)
		}
		a.Recovered(time.Minute)
		if text := log.String(); strings.Count(text, "\n") != 5 || !strings.Contains(text, "after=1m0s") {
			t.Errorf("told\n%s", text)
		}
	})
}

// A dead origin under load, and clients that break off, do not fill the log.
func TestPassedRequestsThatFailAreToldOfNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log await.Log
		a := &alarm{log: slog.New(slog.NewTextHandler(&log, nil)), route: "r"}
		for range 25 {
			a.passFailed("failed", "1", errors.New("refused"))
			a.passFailed("failed", "1", origin.BodyError(errors.New("the client went away")))
			time.Sleep(time.Second)
		}
		text := log.String()
		for _, want := range []string{"requests=1\n", "requests=10\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
		if strings.Count(text, "\n") != 3 || strings.Contains(text, "went away") {
			t.Errorf("logged\n%s", text)
		}
	})
}
