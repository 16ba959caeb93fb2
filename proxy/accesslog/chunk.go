package accesslog

import (
	"bytes"
	"errors"
	"io"
)

// chunkSize is how much is parsed at once. A line that is longer is broken.
const chunkSize = 1 << 20

// chunks cuts a log into pieces at ends of lines.
type chunks struct {
	r     io.Reader
	carry []byte
	long  bool // the middle of a line that is too long
}

// next returns the next piece, which nobody else uses, and how many lines in front of
// it were too long. At the end it returns io.EOF or what went wrong, and perhaps a
// last piece.
func (c *chunks) next() (piece []byte, tooLong int64, err error) {
	for {
		buf := make([]byte, chunkSize)
		n := copy(buf, c.carry)
		c.carry = nil
		m, err := io.ReadFull(c.r, buf[n:])
		buf = buf[:n+m]
		if errors.Is(err, io.ErrUnexpectedEOF) && n+m < chunkSize {
			err = c.why()
		}
		if c.long {
			i := bytes.IndexByte(buf, '\n')
			if i < 0 && err == nil {
				continue
			}
			c.long = i < 0
			buf = buf[i+1:]
			if i < 0 {
				buf = nil
			}
		}
		if err != nil {
			return buf, tooLong, err
		}
		if i := bytes.LastIndexByte(buf, '\n'); i >= 0 {
			c.carry = append([]byte(nil), buf[i+1:]...)
			return buf[:i+1], tooLong, nil
		}
		if len(buf) < chunkSize {
			c.carry = buf // what is left behind a line that was too long
			continue
		}
		tooLong++
		c.long = true
	}
}

// why tells the end of a file from one that breaks off: io.ReadFull has one error for
// both.
func (c *chunks) why() error {
	var one [1]byte
	if _, err := c.r.Read(one[:]); err != nil {
		return err
	}
	return io.ErrNoProgress
}
