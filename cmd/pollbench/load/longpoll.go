package load

import (
	"fmt"
	"io"
	"net/http"
)

// longPoll asks again and again for what it does not have.
type longPoll struct {
	subject
	conn    *Conn
	request []byte
	body    []byte
}

// holdSeconds is how long a long poll is ready to wait: longer than any
// benchmark without a change.
const holdSeconds = 3600

func (l *longPoll) open() error { return nil }

func (l *longPoll) next() ([]byte, error) {
	for {
		head, err := l.ask()
		switch {
		case err != nil:
			return nil, err
		case head.Status == http.StatusOK:
			return l.body, nil
		case head.Status != http.StatusNotModified:
			return nil, fmt.Errorf("%w: status %d to a long poll", ErrAnswer, head.Status)
		}
	}
}

// ask sends the request with the tag of the last answer, and reads the next.
func (l *longPoll) ask() (*Head, error) {
	if l.asking != nil {
		l.asking()
	}
	l.request = fmt.Appendf(l.request[:0], "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: pollbench\r\nAccept: */*\r\nPrefer: wait=%d\r\n%s", l.target, l.host, holdSeconds, l.fields)
	if tag := l.conn.head.ETag; len(tag) > 0 {
		l.request = fmt.Appendf(l.request, "If-None-Match: %s\r\n", tag)
	}
	l.request = append(l.request, "\r\n"...)
	if _, err := l.conn.Write(l.request); err != nil {
		return nil, err
	}
	head, err := l.conn.readHead()
	if err != nil || head.Status != http.StatusOK {
		return head, err
	}
	return head, l.read(head)
}

func (l *longPoll) read(head *Head) error {
	if head.Length < 0 || len(head.ETag) == 0 {
		return fmt.Errorf("%w: a long poll's answer without a length or an ETag", ErrAnswer)
	}
	if int64(cap(l.body)) < head.Length {
		l.body = make([]byte, head.Length)
	}
	l.body = l.body[:head.Length]
	_, err := io.ReadFull(l.conn, l.body)
	return noEOF(err)
}
