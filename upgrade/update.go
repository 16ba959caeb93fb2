package upgrade

import (
	"crypto/sha256"
	"encoding/base64"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pollmux/pollmux/upgrade/coding"
)

// Field is one field line of an answer.
type Field struct{ Name, Value string }

// Update is one version of a resource. It is immutable, and so are the bytes it
// refers to.
type Update struct {
	// Version counts the changes of the resource within its source, from 1. It
	// never goes back.
	Version uint64

	// ETag is a strong entity tag, quoted (RFC 9110 section 8.8.3).
	ETag string

	// ID names the version to clients that resume a stream. It is the same
	// for the same content of the same resource, across restarts too.
	ID string

	Status int
	Type   string // Content-Type; "" if the origin sent none
	Body   []byte

	// Header are the other fields of the answer that are meant for clients.
	// Those that say how old it is and who may keep it are apart.
	Header       []Field
	CacheControl string
	LastModified string
	Date         string
	Vary         string

	// Polled is when the poll began that last found this version to be
	// current; Received when its answer came, Age how old that said it was.
	Polled   time.Time
	Received time.Time
	Age      time.Duration

	// After is when there still was another version, as far as is known: this one
	// came into being no earlier. Zero: there was none.
	After time.Time

	// Taken is told of the bytes of each encoding that is kept with the
	// version. It may be nil.
	Taken func(bytes int)

	// Offer is what clients may have the version compressed in. Nil: it goes as
	// it is.
	Offer *coding.Offer

	frames  *frames  // shared by all renewals of this version
	codings *codings // and this
	codable codable  // by what this one says
	heads   *heads   // of this one; nil keeps none
}

// NewUpdate completes an update whose other fields are set: nothing has been
// encoded of it yet.
func NewUpdate(u Update) *Update {
	u.frames, u.heads = new(frames), new(heads)
	if u.codable = u.isCodable(); u.Offer != nil {
		u.codings = newCodings(&u)
	}
	return &u
}

// Renewed returns the same version, found to be current again by another poll.
func (u *Update) Renewed(cacheControl, date string, polled, received time.Time, age time.Duration) *Update {
	next := *u
	next.heads = new(heads)
	next.CacheControl, next.Date = cacheControl, date
	next.Polled, next.Received, next.Age = polled, received, age
	next.codable = next.isCodable()
	return &next
}

// HasSnapshot reports whether there is content to deliver: the status is a
// success that has some.
func (u *Update) HasSnapshot() bool { return u.Status/100 == 2 && u.Status != http.StatusNoContent }

// CurrentAge is the age of the update (RFC 9111 section 4.2.3).
func (u *Update) CurrentAge(now time.Time) time.Duration {
	return max(u.Age+now.Sub(u.Received), 0)
}

// IsJSON reports whether the content type says JSON (RFC 6839 section 3.1).
func (u *Update) IsJSON() bool {
	t := u.mediaType()
	return t == "application/json" || t == "text/json" || strings.HasSuffix(t, "+json")
}

// IsText reports whether the body may be sent as text: its type says so, and it
// is UTF-8.
func (u *Update) IsText() bool {
	t := u.mediaType()
	textual := strings.HasPrefix(t, "text/") || u.IsJSON() || strings.HasSuffix(t, "+xml") ||
		t == "application/xml" || t == "application/javascript" || t == "application/x-www-form-urlencoded" ||
		t == "application/yaml"
	return textual && u.isUTF8()
}

// isUTF8 reports whether the body means the same when it is read as UTF-8. In
// another charset, that is true of plain ASCII. JSON has no charset, whatever
// its type says (RFC 8259 section 11).
func (u *Update) isUTF8() bool {
	_, params, _ := mime.ParseMediaType(u.Type)
	switch charset := strings.ToLower(params["charset"]); {
	case charset == "", charset == "utf-8", charset == "utf8", u.IsJSON():
		return utf8.Valid(u.Body)
	}
	for _, c := range u.Body {
		if c == 0 || c == '\x1b' || c >= utf8.RuneSelf {
			return false // NUL: UTF-16 and UTF-32; ESC: ISO 2022
		}
	}
	return true
}

func (u *Update) mediaType() string {
	t, _, _ := strings.Cut(u.Type, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

func (u *Update) statusText() string {
	return strings.TrimSpace(strconv.Itoa(u.Status) + " " + http.StatusText(u.Status))
}

// HashTag returns a strong entity tag for content whose origin gave it none:
// 132 bits of SHA-256 over status, content type and body.
func HashTag(status int, contentType string, body []byte) string {
	h := sha256.New()
	_, _ = h.Write(strconv.AppendInt(nil, int64(status), 10)) // never fails
	_, _ = h.Write([]byte("\n" + contentType + "\n"))
	_, _ = h.Write(body)
	return `"pm-` + base64.RawURLEncoding.EncodeToString(h.Sum(nil))[:22] + `"`
}
