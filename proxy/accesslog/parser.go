package accesslog

import "bytes"

// parser makes batches of pieces of one log. It belongs to one goroutine at a time.
type parser struct {
	name   string
	reader *Reader // nil: nobody knows what the log is
	folder *folder
	entry  Entry
}

func newParser(f *Format, name string) *parser {
	p := &parser{name: name, folder: newFolder()}
	if f != nil {
		p.reader = f.NewReader()
	}
	return p
}

// usualLine is how long a line is, for how many there may be.
const usualLine = 150

// parse reads the lines of a piece.
func (p *parser) parse(piece []byte) *batch {
	b := &batch{requests: make([]request, 0, len(piece)/usualLine)}
	for len(piece) > 0 {
		var line []byte
		if i := bytes.IndexByte(piece, '\n'); i >= 0 {
			line, piece = piece[:i], piece[i+1:]
		} else {
			line, piece = piece, nil
		}
		p.line(line, b)
		b.lines++
	}
	return b
}

func (p *parser) line(line []byte, b *batch) {
	if len(line) == 0 || len(bytes.TrimSpace(line)) == 0 {
		b.blank++
		return
	}
	r := request{line: b.lines}
	if p.reader != nil && p.request(line, &r, b) {
		b.requests = append(b.requests, r)
		return
	}
	b.malformed++
	if len(b.samples) < maxSamples {
		b.samples = append(b.samples, Broken{File: p.name, Line: b.lines + 1, Text: string(line[:min(len(line), maxText)])})
	}
}

// request reads a line, and reports whether it is a request. No line ends the
// analysis: one that is too much for a parser is broken.
func (p *parser) request(line []byte, r *request, b *batch) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	if !p.reader.Read(line, &p.entry) {
		return false
	}
	p.folder.fold(&p.entry, r)
	if p.reader.json != nil || len(line) > longLine {
		r.path, r.buster = b.keep(r.path[:min(len(r.path), longestPath+1)]), b.keep(r.buster)
	}
	return true
}

// longLine is how long a line is of which is kept, while requests wait in the queue,
// only what is needed.
const longLine = 512

// keep copies what is the parser's own.
func (b *batch) keep(v []byte) []byte {
	if v == nil {
		return nil
	}
	start := len(b.text)
	b.text = append(b.text, v...)
	return b.text[start:len(b.text):len(b.text)]
}
