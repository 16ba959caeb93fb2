package proc

import (
	"bufio"
	"os"
	"os/exec"
	"testing"
)

// family starts a shell with a child of its own, which both end with the test.
func family(t *testing.T) *os.Process {
	t.Helper()
	skipWithoutProc(t)
	cmd := exec.Command("sh", "-c", `cat <&3 & echo "started"; wait`) // background jobs of sh have no input
	input, keep, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{input}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		_ = keep.Close()
		_ = cmd.Wait()
	})
	_ = input.Close()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd.Process
}

func TestATreeBeginsWithItsRootAndHoldsWhatThatHasStarted(t *testing.T) {
	shell := family(t)
	tree, err := Tree(shell.Pid)
	if err != nil || len(tree) != 2 || tree[0].PID != shell.Pid || tree[1].Parent != shell.Pid {
		t.Errorf("%+v, %v", tree, err)
	}
	mine, err := Tree(os.Getpid())
	if err != nil || len(mine) != 3 {
		t.Errorf("%+v, %v", mine, err)
	}
}

func TestChildrenAreThoseOfOneProcessOnly(t *testing.T) {
	shell := family(t)
	children, err := Children(os.Getpid())
	if err != nil || len(children) != 1 || children[0].PID != shell.Pid {
		t.Errorf("%+v, %v", children, err)
	}
}

func TestTheCPUTimeOfATreeIsAtLeastThatOfItsRoot(t *testing.T) {
	family(t)
	root, err := Read(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if cpu, err := CPU(os.Getpid()); err != nil || cpu < root.CPU {
		t.Errorf("%v of %v, %v", root.CPU, cpu, err)
	}
}
