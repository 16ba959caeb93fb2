package demo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

// errEnded is a stream that the server has ended.
var errEnded = errors.New("the stream has ended")

// events is told by server-sent events.
func events(ctx context.Context, c *client, s Setting) error {
	return c.stream(ctx, s, "text/event-stream", func(resp *http.Response) error {
		return eachLine(resp.Body, func(line []byte) error {
			data, ok := bytes.CutPrefix(line, []byte("data: "))
			if !ok || !bytes.HasPrefix(data, []byte("{")) {
				return nil // a comment, an ID, the end of an event
			}
			return c.see(data)
		})
	})
}

// lines is told by lines of JSON.
func lines(ctx context.Context, c *client, s Setting) error {
	return c.stream(ctx, s, "application/x-ndjson", func(resp *http.Response) error {
		return eachLine(resp.Body, func(line []byte) error {
			if len(line) == 0 {
				return nil // a sign of life
			}
			return c.see(line)
		})
	})
}

// parts is told by the parts of one long answer.
func parts(ctx context.Context, c *client, s Setting) error {
	return c.stream(ctx, s, "multipart/x-mixed-replace", func(resp *http.Response) error {
		_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		if err != nil {
			return err
		}
		for all := multipart.NewReader(resp.Body, params["boundary"]); ; {
			part, err := all.NextPart()
			if err != nil {
				return err
			}
			if err := c.read(part); err != nil {
				return err
			}
		}
	})
}

// stream asks for a stream and lets follow read it to its end.
func (c *client) stream(ctx context.Context, s Setting, accept string, follow func(*http.Response) error) error {
	resp, err := c.get(ctx, s, "Accept", accept)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return unexpected(resp)
	}
	defer c.held()()
	return follow(resp)
}

// eachLine reads lines until one is refused, or until there are no more, which
// no stream should come to.
func eachLine(body io.Reader, take func([]byte) error) error {
	scanner := bufio.NewScanner(body)
	scanner.Buffer(nil, maxAnswer)
	for scanner.Scan() {
		if err := take(scanner.Bytes()); err != nil {
			return err
		}
	}
	if err := scanner.Err(); err != nil {
		return err
	}
	return errEnded
}
