package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Read reads a trace, plain or in gzip. It is strict, so that a figure is never that
// of half a trace or of a misspelt field, and bounded. Changes at the horizon or
// shortly after it are left out.
func Read(r io.Reader) (*Trace, error) {
	return read(r, bounds{text: maxText, resources: maxResources, changes: maxChanges})
}

func read(r io.Reader, most bounds) (*Trace, error) {
	text, err := unpacked(r)
	if err != nil {
		return nil, err
	}
	d := decoder{json.NewDecoder(&bounded{text, most.text, most.text}), most, &Trace{}}
	d.DisallowUnknownFields()
	if err := d.decode(); err != nil {
		return nil, readable(err)
	}
	if err := d.trace.check(); err != nil {
		return nil, err
	}
	d.trace.cut()
	return d.trace, nil
}

// bounds are how much is read at most.
type bounds struct {
	text      int // bytes, unpacked
	resources int
	changes   int // of all of them
}

// unpacked is r without gzip, if it begins like gzip.
func unpacked(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if magic, _ := b.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, readable(err)
	}
	return z, nil
}

// readable says what the libraries leave open.
func readable(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends in the middle")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("it is damaged: %w", err)
	}
	return err
}

// bounded fails where io.LimitReader would end. It fills what it is given, because
// a Decoder that waits for the end of white space looks at all of it again after each
// Read.
type bounded struct {
	io.Reader
	most, left int
}

func (b *bounded) Read(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = b.Reader.Read(p[n:])
		n += m
	}
	if b.left -= n; b.left < 0 {
		return 0, fmt.Errorf("more than %d bytes of text", b.most)
	}
	return n, err
}
