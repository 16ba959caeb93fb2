package legacy

import (
	"net/http"
	"strings"
)

// maxName bounds the names of users, in bytes.
const maxName = 64

// personal serves next to those who say who they are, and 401 to others. The
// name is what the origin believes; there are no passwords.
func personal(realm string, next func(w http.ResponseWriter, r *http.Request, user string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private")
		user, known := identity(r)
		if !known {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`"`)
			refuse(w, http.StatusUnauthorized, "say who you are: Authorization: Bearer NAME, or the cookie sid=NAME")
			return
		}
		next(w, r, user)
	}
}

// identity is the user of "Authorization: Bearer NAME" or of the session
// cookie sid=NAME. As in most APIs an Authorization field that is wrong is not
// made up for by a cookie.
func identity(r *http.Request) (user string, known bool) {
	if field := r.Header.Get("Authorization"); field != "" {
		scheme, token, _ := strings.Cut(field, " ")
		token = strings.TrimSpace(token)
		return token, strings.EqualFold(scheme, "Bearer") && validName(token)
	}
	cookie, err := r.Cookie("sid")
	if err != nil {
		return "", false
	}
	return cookie.Value, validName(cookie.Value)
}

// validName accepts letters, digits and . _ - only.
func validName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	return strings.IndexFunc(name, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("._-", c))
	}) < 0
}
