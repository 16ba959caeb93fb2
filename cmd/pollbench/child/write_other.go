//go:build !unix

package child

// write writes a message.
func (r *receiver) write(b []byte) error {
	_, err := r.conn.Write(b)
	return err
}
