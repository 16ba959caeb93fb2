package load

import (
	"fmt"
	"io"
)

// raw is a client of the bare loop: it says how long its messages are, and reads
// them.
type raw struct {
	conn    *Conn
	message []byte
}

func (r *raw) open() error {
	_, err := fmt.Fprintf(r.conn, "%d\n", len(r.message))
	return err
}

func (r *raw) next() ([]byte, error) {
	_, err := io.ReadFull(r.conn, r.message)
	return r.message, noEOF(err)
}
