package demo

import (
	"fmt"
	"io"
	"os"
)

// status is the line on the terminal that shows the savings growing. On a
// terminal it stays where it is; in a file there is one after the other.
type status struct {
	out     io.Writer
	inPlace bool
	shown   bool
}

func newStatus(out io.Writer) *status { return &status{out: out, inPlace: isTerminal(out)} }

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

func (s *status) show(a Account) {
	if s.shown = true; s.inPlace {
		fmt.Fprintf(s.out, "\r\x1b[K%s", a.line())
		return
	}
	fmt.Fprintln(s.out, a.line())
}

// end leaves the line that was shown last.
func (s *status) end() {
	if s.inPlace && s.shown {
		fmt.Fprintln(s.out)
	}
}
