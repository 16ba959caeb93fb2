package head

// Error is why a request is refused before it is looked at. Its text names the
// rule and never quotes the request, which may hold secrets.
type Error struct {
	Status int
	Text   string
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

func bad(text string) error { return &Error{Status: 400, Text: text} }
