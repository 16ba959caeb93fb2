package share

import (
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/origin"
)

// VariesByWho reports whether a response says that it depends on who asked: to a
// poll with the credentials of one client, it is for that client.
func (p *Policy) VariesByWho(resp *origin.Response) bool {
	for name := range resp.Header.Tokens("Vary") {
		switch head.Lookup([]byte(name)) {
		case head.Credential, head.Cookie:
			return true
		}
		if p.credential[string(appendFolded(nil, []byte(name)))] {
			return true
		}
	}
	return false
}
