package coding

import (
	"bytes"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/molecule-man/go-brrr"
)

// The levels: what is compressed once is worth a little time, and goes out many
// times.
const (
	brotliLevel  = 5
	deflateLevel = 6
	zstdLevel    = zstd.SpeedBetterCompression
)

// window is how far back an encoder looks, at most, in powers of two. It is also
// what a client has to keep, and what each encoder takes several times over.
const window = 20

// mostAtOnce bounds how many encoders are at work, for either kind of body. Each
// takes 1 to 5 MiB.
const mostAtOnce = 8

// quick is how large a body may be that is compressed in no time to speak of: a
// millisecond or less. Such bodies do not wait for larger ones.
const quick = 64 << 10

// IsQuick reports whether so many bytes are compressed in no time to speak of.
func IsQuick(bytes int) bool { return bytes <= quick }

// Press compresses. It may be used by many at once; of those with bodies that are
// quick, and of the others, more than there are processors, or than mostAtOnce, wait
// for each other.
type Press struct {
	quick   chan struct{}
	slow    chan struct{}
	deflate sync.Pool // of *flate.Writer
	gzip    sync.Pool // of *gzip.Writer
	brotli  sync.Pool // of *brrr.Writer
	zstd    sync.Pool // of *zstd.Encoder
	inflate sync.Pool // of *inflater
}

// NewPress returns a press. Its encoders are made when they are needed.
func NewPress() *Press {
	n := min(runtime.GOMAXPROCS(0), mostAtOnce)
	return &Press{quick: make(chan struct{}, n), slow: make(chan struct{}, n)}
}

// lane is where a body of a size waits for its turn.
func (p *Press) lane(bytes int) chan struct{} {
	if IsQuick(bytes) {
		return p.quick
	}
	return p.slow
}

// Whole returns a body under a coding; nil if that cannot be had.
func (p *Press) Whole(c Coding, body []byte) []byte {
	lane := p.lane(len(body))
	lane <- struct{}{}
	defer func() { <-lane }()
	switch c {
	case Gzip:
		return through(&p.gzip, newGzip, body)
	case Zstd:
		return p.zstandard(body)
	case Brotli:
		return through(&p.brotli, newBrotli, body)
	}
	return nil
}

// Deflate returns a body as deflate blocks that refer to nothing before them and
// end on a byte, with an empty block behind them: 00 00 FF FF.
func (p *Press) Deflate(body []byte) []byte {
	lane := p.lane(len(body))
	lane <- struct{}{}
	defer func() { <-lane }()
	w, _ := p.deflate.Get().(*flate.Writer)
	if w == nil {
		w, _ = flate.NewWriter(nil, deflateLevel) // a level that there is
	}
	defer p.deflate.Put(w)
	var to bytes.Buffer
	w.Reset(&to)
	_, _ = w.Write(body) // neither fails: the buffer takes all
	_ = w.Flush()
	w.Reset(nil)
	return to.Bytes()
}

// zstandard returns a body as one frame.
func (p *Press) zstandard(body []byte) []byte {
	e, ok := p.zstd.Get().(*zstd.Encoder)
	if !ok {
		e, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstdLevel), zstd.WithWindowSize(1<<window),
			zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false)) // options that are valid
	}
	defer p.zstd.Put(e)
	return e.EncodeAll(body, nil)
}

// encoder is a writer that can be used again.
type encoder interface {
	io.WriteCloser
	Reset(io.Writer)
}

// through has one of a pool's encoders encode a body.
func through[E encoder](pool *sync.Pool, fresh func() E, body []byte) []byte {
	e, ok := pool.Get().(E)
	if !ok {
		e = fresh()
	}
	var to bytes.Buffer
	e.Reset(&to)
	if _, err := e.Write(body); err != nil {
		return nil
	}
	if err := e.Close(); err != nil {
		return nil
	}
	e.Reset(nil) // it keeps no version alive
	pool.Put(e)
	return to.Bytes()
}

func newGzip() *gzip.Writer {
	w, _ := gzip.NewWriterLevel(nil, deflateLevel) // a level that there is
	return w
}

func newBrotli() *brrr.Writer {
	w, _ := brrr.NewWriterOptions(nil, brotliLevel, brrr.WriterOptions{LGWin: window}) // options that are valid
	return w
}
