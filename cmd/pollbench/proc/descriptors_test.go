package proc

import (
	"errors"
	"os"
	"testing"
)

func TestOpenFilesAreCounted(t *testing.T) {
	skipWithoutProc(t)
	before, err := Descriptors(os.Getpid())
	if err != nil || before < 3 {
		t.Fatal(before, err)
	}
	file, err := os.Open("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if after, err := Descriptors(os.Getpid()); err != nil || after != before+1 {
		t.Error(before, after, err)
	}
	if n, err := Descriptors(1 << 30); !errors.Is(err, os.ErrNotExist) {
		t.Error(n, err)
	}
}
