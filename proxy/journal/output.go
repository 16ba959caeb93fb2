package journal

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/pollmux/pollmux/config"
)

// fileMode keeps others from reading who asked for what.
const fileMode = 0o640

// output is where the lines of a policy go. It belongs to run.
type output struct {
	io.Writer
	file *os.File // nil if it is none of ours

	told     time.Time // when it was told last that it takes no lines
	troubled bool      // it was told, and not that it takes them again
}

// open opens an output.
func (a *Access) open(name string) (*output, error) {
	switch name {
	case config.OutputStderr:
		return &output{Writer: a.stderr}, nil
	case config.OutputStdout:
		return &output{Writer: a.stdout}, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, fileMode)
	if err != nil {
		return nil, fmt.Errorf("log.access.output: %w: name a file that this user may write to", err)
	}
	return &output{Writer: f, file: f}, nil
}

// close ends an output. What is written to it afterwards fails.
func (o *output) close() {
	if o.file != nil {
		_ = o.file.Close()
	}
	o.Writer = closedOutput{}
}

type closedOutput struct{}

// Write implements io.Writer.
func (closedOutput) Write([]byte) (int, error) { return 0, fs.ErrClosed }
