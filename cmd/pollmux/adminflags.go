package main

import (
	"cmp"
	"os"

	"github.com/spf13/pflag"

	"github.com/pollmux/pollmux/cmd/pollmux/remote"
)

// adminFlags say which running proxy a command looks at.
type adminFlags struct{ url, token string }

// tokenVariable is where the token is looked for that no flag gives: what is in a
// command line, others on the machine can see.
const tokenVariable = "POLLMUX_ADMIN_TOKEN"

// add adds the flags, with an address that is asked by default.
func (f *adminFlags) add(flags *pflag.FlagSet, address string) {
	flags.StringVar(&f.url, "admin", address, "`URL` of the admin listener of a running proxy")
	flags.StringVar(&f.token, "token", "", "its admin.`TOKEN`; better in "+tokenVariable+", where nobody else sees it")
}

func (f *adminFlags) client() (*remote.Client, error) {
	c, err := remote.New(f.url, cmp.Or(f.token, os.Getenv(tokenVariable)))
	if err != nil {
		return nil, &usageError{"--admin: " + err.Error()}
	}
	return c, nil
}
