package origin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
)

var (
	// ErrUnreachable: no connection could be made.
	ErrUnreachable = errors.New("the origin cannot be reached")

	// ErrTimeout: the origin did not answer in time.
	ErrTimeout = errors.New("the origin did not answer in time")

	// ErrMalformed: what came is not an HTTP/1.x response.
	ErrMalformed = errors.New("the origin's answer is not valid HTTP")

	// ErrTruncated: the answer, or the connection, ended too early.
	ErrTruncated = errors.New("the origin's answer was cut short")

	// ErrTooLarge: the answer's head exceeds maxHead.
	ErrTooLarge = errors.New("the head of the origin's answer is too large")

	// ErrRequestBody: the client's body could not be read to its end, so the
	// request was cut as well.
	ErrRequestBody = errors.New("the request's body was cut short")
)

// errDirty is a connection with something on it that nobody asked for. Nothing
// was written to it.
var errDirty = errors.New("the connection is not clean")

// unsent marks an error that came before anything was sent.
type unsent struct{ error }

func (u unsent) Unwrap() error { return u.error }

// Unsent reports whether an error of Do means that no byte of the request has
// left: the server cannot have acted on it.
func Unsent(err error) bool { return errors.As(err, new(unsent)) }

// unanswered marks an error of a request that may have come to the server, of whose
// answer nobody has seen anything.
type unanswered struct {
	error
	stale bool // the connection had been used before, and closed without a word, as idle ones do
}

func (u unanswered) Unwrap() error { return u.error }

// readError says what a failed read from the origin means.
func readError(err error) error {
	switch {
	case errors.Is(err, ErrMalformed), errors.Is(err, ErrTooLarge), errors.Is(err, ErrTruncated):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	default:
		return fmt.Errorf("%w: %w", ErrTruncated, err)
	}
}

// dialError says what a failed dial means.
func dialError(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}
