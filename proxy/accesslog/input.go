package accesslog

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Input is a log to read.
type Input struct {
	Name string

	// Open begins to read it, once more each time. Once says that it can be done
	// only once.
	Open func() (io.ReadCloser, error)
	Once bool

	// Size is how many bytes there are, as they are stored; 0: nobody knows.
	Size int64
}

// File is the log of that name.
func File(name string) (Input, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Input{}, err
	}
	if info.IsDir() {
		return Input{}, fmt.Errorf("%s is a directory: name the logs in it", name)
	}
	in := Input{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(name) }}
	if in.Once = !info.Mode().IsRegular(); !in.Once {
		in.Size = info.Size()
	}
	return in, nil
}

// Meter tells how far an analysis is, while it runs.
type Meter struct {
	bytes, lines atomic.Int64
}

// Read is how many bytes, as they are stored, and how many lines were read so far.
func (m *Meter) Read() (bytes, lines int64) { return m.bytes.Load(), m.lines.Load() }

// metered counts what is read.
type metered struct {
	io.Reader
	meter *Meter
}

func (m metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.meter.bytes.Add(int64(n))
	return n, err
}

// openInput opens a log and decompresses it, as its first bytes say.
func openInput(in Input, m *Meter) (io.ReadCloser, error) {
	f, err := in.Open()
	if err != nil {
		return nil, err
	}
	head := bufio.NewReaderSize(metered{f, m}, 256<<10)
	magic, _ := head.Peek(4) // whatever is wrong shows when it is read
	switch {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		z, err := gzip.NewReader(head)
		if err != nil {
			return unreadable{f, gzip.ErrHeader}, nil
		}
		return unpacked{z, f}, nil
	case string(magic) == "\x28\xb5\x2f\xfd":
		z, err := zstd.NewReader(head, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(256<<20))
		if err != nil {
			return unreadable{f, err}, nil
		}
		return unpacked{z.IOReadCloser(), f}, nil
	}
	return unpacked{io.NopCloser(head), f}, nil
}

// unpacked is what a file contains.
type unpacked struct {
	io.ReadCloser
	file io.Closer
}

func (u unpacked) Close() error {
	_ = u.ReadCloser.Close()
	return u.file.Close()
}

// unreadable is a file that is broken from the beginning.
type unreadable struct {
	io.Closer
	err error
}

func (u unreadable) Read([]byte) (int, error) { return 0, u.err }

// Text is a log in memory.
func Text(name string, text []byte) Input {
	return Input{Name: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}
}
