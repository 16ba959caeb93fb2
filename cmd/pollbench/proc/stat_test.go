package proc

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// line is a real one, except for the name.
const line = `4242 (%s) S 17 4242 4242 0 -1 4194560 1203 88 2 0 150 50 7 3 20 0 11 0 98765 1261834240 2560 ` +
	`18446744073709551615 4194304 9551872 140726000000000 0 0 0 0 0 2143420159 0 0 0 17 1 0 0 0 0 0 10000000 10300000 40000000 140726 140726 140726 140726 0`

func TestAStatLineIsReadWhateverTheProcessIsCalled(t *testing.T) {
	want := Stat{PID: 4242, Parent: 17, State: 'S', CPU: 210 * Tick, Waited: 10 * Tick, RSS: 2560 * int64(os.Getpagesize())}
	for _, name := range []string{"nginx", "a b", "1) S 1 (", ")", ""} {
		if got, err := parse(fmt.Sprintf(line, name)); err != nil || got != want {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
}

func TestWhatIsNoStatLineIsRefused(t *testing.T) {
	for _, text := range []string{"", "4242", "4242 (x", "4242 (x) S", ") (", "x (y) S 1 2 3", "1 (x) SS" + line[len("4242 (%s) S"):]} {
		if got, err := parse(text); !errors.Is(err, errFormat) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestThisProcessHasAParentMemoryAndEventuallyCPUTime(t *testing.T) {
	skipWithoutProc(t)
	s, err := Read(os.Getpid())
	if err != nil || s.PID != os.Getpid() || s.Parent != os.Getppid() || s.RSS < 1<<20 {
		t.Fatalf("%+v, %v", s, err)
	}
	before, deadline := s.CPU, time.Now().Add(20*time.Second)
	for s.CPU < before+2*Tick { // each look at /proc costs some
		if s, err = Read(os.Getpid()); err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v, %v", s, err)
		}
	}
}

func TestAProcessThatIsGoneDoesNotExist(t *testing.T) {
	skipWithoutProc(t)
	for _, read := range []func(int) error{
		func(pid int) error { _, err := Read(pid); return err },
		func(pid int) error { _, err := Tree(pid); return err },
		func(pid int) error { _, err := CPU(pid); return err },
	} {
		if err := read(1 << 30); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
}

func skipWithoutProc(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
}
