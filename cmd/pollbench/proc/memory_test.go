package proc

import (
	"os"
	"testing"
)

func TestMemoryGrowsWithWhatIsTouched(t *testing.T) {
	before, err := Memory(os.Getpid())
	if err != nil {
		t.Skip("no /proc here")
	}
	const size = 64 << 20
	touched := make([]byte, size)
	for i := 0; i < len(touched); i += os.Getpagesize() {
		touched[i] = 1
	}
	after, err := Memory(os.Getpid())
	if grown := after - before; err != nil || grown < size/2 || grown > 4*size || touched[0] != 1 {
		t.Errorf("%d, then %d, %v", before, after, err)
	}
	if _, err := Memory(-1); err == nil {
		t.Error("nobody has memory")
	}
}

func TestTheClockOfAProcessRunsWithItsTicks(t *testing.T) {
	before, ok := clock(os.Getpid())
	if !ok {
		t.Skip("no clock of processes here")
	}
	s, err := Read(os.Getpid())
	for err == nil && s.CPU < 5*Tick { // works until the kernel has counted some
		s, err = Read(os.Getpid())
	}
	after, ok := clock(os.Getpid())
	if err != nil || !ok || after <= before || after < s.CPU-2*Tick {
		t.Error(before, after, s.CPU, ok, err)
	}
	if _, ok := clock(1<<22 + 1); ok {
		t.Error("the clock of nobody")
	}
}
