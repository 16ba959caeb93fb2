package demo

import (
	"context"
	"net/http"
	"time"
)

// poll asks again and again, as legacy clients do.
func poll(ctx context.Context, c *client, s Setting) error {
	ticker := time.NewTicker(s.Clients.Duration())
	defer ticker.Stop()
	for {
		if err := c.pollOnce(ctx, s); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (c *client) pollOnce(ctx context.Context, s Setting) error {
	resp, err := c.get(ctx, s)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return unexpected(resp)
	}
	return c.read(resp.Body)
}

// longpoll asks, and is answered when there is something new.
func longpoll(ctx context.Context, c *client, s Setting) error {
	defer c.held()()
	for tag := ""; ctx.Err() == nil; {
		next, err := c.longpollOnce(ctx, s, tag)
		if err != nil {
			return err
		}
		tag = next
	}
	return nil
}

// longpollOnce returns the tag of what the client has afterwards.
func (c *client) longpollOnce(ctx context.Context, s Setting, tag string) (string, error) {
	fields := []string{"Prefer", "wait=25"}
	if tag != "" {
		fields = append(fields, "If-None-Match", tag)
	}
	resp, err := c.get(ctx, s, fields...)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusNotModified:
		return tag, nil
	case http.StatusOK:
		return resp.Header.Get("ETag"), c.read(resp.Body)
	}
	return "", unexpected(resp)
}
