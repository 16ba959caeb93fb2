package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client reads from one admin listener. Its methods may be called concurrently.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// timeout bounds one request: an operator who looks wants to know soon that there is
// nothing to see.
const timeout = 10 * time.Second

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 64 << 20

// New returns a client of the listener at a URL, of which "host:port" is enough. token
// is "" if none is needed.
func New(address, token string) (*Client, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("the admin URL is none; write one such as http://127.0.0.1:9090")
	case u.User != nil:
		return nil, errors.New("the admin URL has a user name; set POLLMUX_ADMIN_TOKEN to the token instead")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the admin URL has a query; write no more than http://host:port")
	}
	return &Client{base: strings.TrimSuffix(u.String(), "/"), token: token, http: &http.Client{Timeout: timeout}}, nil
}

// String is the URL that is asked.
func (c *Client) String() string { return c.base }

// ErrToken is a listener that wants a token, or another one.
var ErrToken = errors.New("wants its token: set POLLMUX_ADMIN_TOKEN to admin.token of its configuration")

// Read gets a path and decodes its JSON.
func (c *Client) Read(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w; is pollmux running, and is that its admin listener (--admin)?", c.base, inner(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return fmt.Errorf("%s stopped in the middle of an answer: %w", c.base, err)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s %w", c.base, refusal(resp.StatusCode, body))
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s does not speak as pollmux's admin listener does: is --admin right? (%w)", c.base, err)
	}
	return nil
}

// refusal says what a status means.
func refusal(status int, body []byte) error {
	lines := strings.Split(strings.TrimSpace(string(body)), "\n")
	last := lines[len(lines)-1]
	switch status {
	case http.StatusUnauthorized:
		return ErrToken
	case http.StatusForbidden:
		return errors.New("answers only who asks by address or as localhost: write --admin http://127.0.0.1:9090, or set admin.token")
	case http.StatusNotFound:
		return errors.New("knows nothing of this: is it pollmux's admin listener, and not the one for clients?")
	case http.StatusBadRequest:
		return fmt.Errorf("cannot answer that: %.300s", last)
	}
	return fmt.Errorf("answers %d %s", status, http.StatusText(status))
}

// inner leaves out the method and the URL, which are said already.
func inner(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
